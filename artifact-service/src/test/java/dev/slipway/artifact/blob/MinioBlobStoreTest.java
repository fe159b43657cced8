package dev.slipway.artifact.blob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.slipway.artifact.Bytes;
import dev.slipway.artifact.content.Sha256;
import io.minio.CreateMultipartUploadArgs;
import io.minio.MinioAsyncClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.gaul.s3proxy.junit.S3ProxyExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class MinioBlobStoreTest extends BlobStoreContract {
  @RegisterExtension private final S3ProxyExtension s3 = S3Server.make();

  @Override
  BlobStore open() {
    return new MinioBlobStore(settings(s3.getUri().toString(), s3.getSecretKey()));
  }

  private MinioSettings settings(String endpoint, String secretKey) {
    return new MinioSettings(
        endpoint, "slipway-test", s3.getAccessKey(), secretKey, MinioSettings.DEFAULT_REGION);
  }

  @Test
  void open_wrongSecret_isUnavailable() {
    assertThatThrownBy(() -> new MinioBlobStore(settings(s3.getUri().toString(), "wrong")))
        .isInstanceOf(StoreUnavailableException.class);
  }

  @Test
  void open_nobodyListens_isUnavailable() throws IOException {
    int port;
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    assertThatThrownBy(() -> new MinioBlobStore(settings("http://127.0.0.1:" + port, "x")))
        .isInstanceOf(StoreUnavailableException.class);
  }

  @Test
  void discardLeftovers_partsOfAPutThatWasCut_areRemoved() throws Exception {
    BlobStore store = open();
    try (MinioAsyncClient client =
        MinioAsyncClient.builder()
            .endpoint(s3.getUri().toString())
            .credentials(s3.getAccessKey(), s3.getSecretKey())
            .region(MinioSettings.DEFAULT_REGION)
            .build()) {
      for (String object : List.of("blobs/ab/cut", "uploads/presigned")) {
        var unused =
            client
                .createMultipartUpload(
                    CreateMultipartUploadArgs.builder()
                        .bucket("slipway-test")
                        .object(object)
                        .build())
                .get();
      }
    }
    Instant later = Instant.now().plusSeconds(3600);

    assertThat(store.discardLeftovers(later, true)).isEqualTo(1);
    assertThat(store.discardLeftovers(later, false)).isEqualTo(1);
    assertThat(store.discardLeftovers(later, true)).isZero();
  }

  @Test
  void open_storeThatIsJustStarting_isAskedAgain() throws IOException {
    AtomicInteger asked = new AtomicInteger();
    HttpServer busy = busyStore(asked, 2);
    try (BlobStore store = new MinioBlobStore(settings(endpoint(busy), "x"))) {
      assertThat(store.answers()).isTrue();
    } finally {
      busy.stop(0);
    }
    assertThat(asked).hasValue(4);
  }

  @Test
  void open_storeThatStaysBusy_isUnavailableAfterABoundedNumberOfTries() throws IOException {
    AtomicInteger asked = new AtomicInteger();
    HttpServer busy = busyStore(asked, Integer.MAX_VALUE);
    try {
      assertThatThrownBy(() -> new MinioBlobStore(settings(endpoint(busy), "x")))
          .isInstanceOf(StoreUnavailableException.class);
    } finally {
      busy.stop(0);
    }
    assertThat(asked.get()).isBetween(2, 5);
  }

  /** Starts a store that has every bucket, but answers 503 so many times before it says so. */
  private static HttpServer busyStore(AtomicInteger asked, int times) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        call -> {
          call.sendResponseHeaders(asked.incrementAndGet() <= times ? 503 : 200, -1);
          call.close();
        });
    server.start();
    return server;
  }

  private static String endpoint(HttpServer server) {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  @Test
  void settings_printed_hideTheSecret() {
    assertThat(settings("http://localhost:9000", "very-secret").toString())
        .doesNotContain("very-secret");
  }

  @Test
  void answers_storeThatNeverAnswers_isFalseWithinSeconds() throws IOException {
    BlobStore store = open();
    int port = s3.getUri().getPort();
    s3.afterEach(null);
    // The system takes the connection, and nobody reads from it.
    try (ServerSocket silent = new ServerSocket(port)) {
      long begun = System.nanoTime();

      assertThat(store.answers()).isFalse();

      assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(8));
      assertThat(silent.isBound()).isTrue();
    }
  }

  @Test
  void put_moreThanTheServerCarries_isRefusedAtOnce() throws Exception {
    BlobStore store = open();
    int port = s3.getUri().getPort();
    s3.afterEach(null);
    byte[] bytes = Bytes.random(1, 10);
    Path file = Files.write(folder.resolve("x.part"), bytes);
    ExecutorService threads = Executors.newCachedThreadPool();
    try {
      CountDownLatch refused = new CountDownLatch(1);
      try (ServerSocket silent = new ServerSocket(port)) {
        for (int i = 0; i < 32; i++) {
          var unused =
              threads.submit(
                  () -> {
                    try {
                      store.put(Bytes.content(bytes), file);
                    } catch (StoreBusyException e) {
                      refused.countDown();
                    }
                  });
        }
        assertThat(refused.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(silent.isBound()).isTrue();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void answers_storeGone_isFalseAndPutIsUnavailable() throws IOException {
    BlobStore store = open();
    s3.afterEach(null);

    assertThat(store.answers()).isFalse();
    byte[] bytes = Bytes.random(1, 10);
    var file = Files.write(folder.resolve("x.part"), bytes);
    assertThatThrownBy(() -> store.put(Bytes.content(bytes), file))
        .isInstanceOf(StoreUnavailableException.class);
    Sha256 sha256 = Bytes.content(bytes).sha256();
    assertThatThrownBy(() -> store.findSize(sha256)).isInstanceOf(StoreUnavailableException.class);
  }
}
