package dev.slipway.artifact.blob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.slipway.artifact.Bytes;
import dev.slipway.artifact.content.Sha256;
import dev.slipway.artifact.upload.PartPlan;
import dev.slipway.artifact.upload.UploadId;
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
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.gaul.s3proxy.junit.S3ProxyExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class MinioBlobStoreTest extends BlobStoreContract {
  // More than OkHttp asks of one host at a time by default.
  private static final int WAITING_REQUESTS = 8;

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
  void begin_busyStore_isAskedAgainABoundedNumberOfTimes() throws IOException {
    AtomicInteger asked = new AtomicInteger();
    HttpServer busy = busyStore(asked, Integer.MAX_VALUE);
    MinioSettings settings = settings(endpoint(busy), "x");
    try (DirectTransfers direct =
        new DirectTransfers(
            settings, new MinioHttp(settings).joins(), DirectTransfers.MAX_COPY_BYTES)) {
      UploadId id = new UploadId("u");

      assertThatThrownBy(() -> direct.begin(id)).isInstanceOf(StoreUnavailableException.class);
    } finally {
      busy.stop(0);
    }
    assertThat(asked.get()).isBetween(2, 5);
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
  void maxContentBytes_partOfSuchAFile_fitsIntoTheMemoryForParts() {
    long memory = Math.max(64L << 20, Runtime.getRuntime().maxMemory() / 8);
    try (BlobStore store = open()) {
      assertThat(PartPlan.partSizeBytes(store.maxContentBytes())).isLessThanOrEqualTo(memory);
      assertThat(store.maxContentBytes()).isBetween(600L << 30, DirectTransfers.MAX_CONTENT_BYTES);
    }
  }

  @Test
  void settings_printed_hideTheSecret() {
    assertThat(settings("http://localhost:9000", "very-secret").toString())
        .doesNotContain("very-secret");
  }

  @Test
  void answers_storeThatNeverAnswers_isFalseLongBeforeATransferIsGivenUp() throws IOException {
    try (SilentStore silent = new SilentStore();
        BlobStore store = new MinioBlobStore(settings(endpoint(silent.server), "x"))) {
      silent.fallSilent();
      long begun = System.nanoTime();

      assertThat(store.answers()).isFalse();

      // A transfer may take a minute.
      assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(50));
    }
  }

  /** Has every bucket until it falls silent: connections are taken then, and nobody reads them. */
  private static final class SilentStore implements AutoCloseable {
    private final CountDownLatch closed = new CountDownLatch(1);
    private final AtomicBoolean silent = new AtomicBoolean();
    private final HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);

    SilentStore() throws IOException {
      server.createContext("/", this::answer);
      server.start();
    }

    private void answer(HttpExchange call) throws IOException {
      if (silent.get()) {
        // No other call is read meanwhile.
        try {
          closed.await();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
      call.sendResponseHeaders(200, -1);
      call.close();
    }

    void fallSilent() {
      silent.set(true);
    }

    @Override
    public void close() {
      closed.countDown();
      server.stop(0);
    }
  }

  @Test
  void answers_whileRequestsWaitForTheStore_isAskedAllTheSame() throws Exception {
    CountDownLatch waiting = new CountDownLatch(WAITING_REQUESTS);
    CountDownLatch released = new CountDownLatch(1);
    ExecutorService threads = Executors.newCachedThreadPool();
    HttpServer store = slowStore(threads, waiting, released);
    try (BlobStore blobs = new MinioBlobStore(settings(endpoint(store), "x"))) {
      Sha256 sha256 = Bytes.content(Bytes.random(1, 10)).sha256();
      List<Future<OptionalLong>> asked = new ArrayList<>();
      for (int i = 0; i < WAITING_REQUESTS; i++) {
        asked.add(threads.submit(() -> blobs.findSize(sha256)));
      }
      assertThat(waiting.await(60, TimeUnit.SECONDS)).as("all at a time").isTrue();

      // A slow machine may need more than one of its short times.
      assertThat(Stream.generate(blobs::answers).limit(10).anyMatch(yes -> yes)).isTrue();

      released.countDown();
      for (Future<OptionalLong> one : asked) {
        assertThat(one.get(60, TimeUnit.SECONDS)).isPresent();
      }
    } finally {
      released.countDown();
      store.stop(0);
      threads.shutdownNow();
    }
  }

  /**
   * Starts a store that has the bucket, and says of objects only when released that it has them.
   */
  private static HttpServer slowStore(
      ExecutorService threads, CountDownLatch waiting, CountDownLatch released) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext(
        "/",
        call -> {
          if (call.getRequestURI().getPath().contains("/blobs/")) {
            waiting.countDown();
            awaitUninterruptibly(released);
          }
          call.getResponseHeaders().set("Last-Modified", "Sat, 21 Nov 2026 00:00:00 GMT");
          call.getResponseHeaders().set("ETag", "\"x\"");
          call.sendResponseHeaders(200, -1);
          call.close();
        });
    server.start();
    return server;
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void put_moreThanTheServerCarries_isRefusedAtOnce() throws Exception {
    byte[] bytes = Bytes.random(1, 10);
    Path file = Files.write(folder.resolve("x.part"), bytes);
    ExecutorService threads = Executors.newCachedThreadPool();
    CountDownLatch refused = new CountDownLatch(1);
    try (SilentStore silent = new SilentStore();
        BlobStore store = new MinioBlobStore(settings(endpoint(silent.server), "x"))) {
      silent.fallSilent();
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
      assertThat(refused.await(50, TimeUnit.SECONDS)).isTrue();
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
