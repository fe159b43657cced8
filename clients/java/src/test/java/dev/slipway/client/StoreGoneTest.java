package dev.slipway.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.artifact.ArtifactConfig;
import dev.slipway.artifact.ArtifactModule;
import dev.slipway.artifact.blob.MinioSettings;
import dev.slipway.artifact.v1.CheckConsistencyProgress;
import dev.slipway.artifact.v1.CheckConsistencyRequest;
import dev.slipway.artifact.v1.ListRequest;
import dev.slipway.runtime.testing.GrpcServerExtension;
import dev.slipway.runtime.testing.TestDatabases;
import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.gaul.s3proxy.junit.S3ProxyExtension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Takes the store away from client and service while files move, and gives it back. */
class StoreGoneTest {
  // Of a part but the last, S3 takes no less.
  private static final int PART = 5 << 20;
  private static final int SIZE = 2 * PART + (2 << 20) + 7;
  private static final TransferSizes SIZES =
      new TransferSizes(PART, OptionalLong.of(PART), 4 << 20);
  private static final TransferOptions OPTIONS =
      new TransferOptions(1, 3, Duration.ofMillis(5), Duration.ofMillis(10)).withResumable(true);

  @TempDir Path folder;

  @Order(1)
  @RegisterExtension
  private final S3ProxyExtension s3 = S3Server.make();

  @Order(2)
  @RegisterExtension
  private final GrpcServerExtension server =
      GrpcServerExtension.netty(64 << 20, () -> List.of(open()));

  private final CuttingProxy store = new CuttingProxy();
  private final AtomicBoolean gone = new AtomicBoolean();
  private SlipwayClient client;
  private Path file;

  StoreGoneTest() throws IOException {}

  private ArtifactModule open() {
    store.forwardTo(s3.getUri().getPort());
    return ArtifactModule.open(
        new ArtifactConfig(
            TestDatabases.h2(folder),
            new ArtifactConfig.Minio(
                new MinioSettings(
                    "http://" + store.address(),
                    Optional.empty(),
                    Optional.empty(),
                    "artifacts",
                    s3.getAccessKey(),
                    s3.getSecretKey(),
                    MinioSettings.DEFAULT_REGION)),
            folder.resolve("uploads"),
            ArtifactConfig.DEFAULT_UPLOAD_EXPIRY),
        new MetricRegistry(),
        Clock.systemUTC());
  }

  @BeforeEach
  void connect() throws IOException {
    client = SlipwayClient.connect("127.0.0.1:" + server.server().port());
    byte[] bytes = new byte[SIZE];
    new Random(1).nextBytes(bytes);
    file = Files.write(folder.resolve("a.bin"), bytes);
  }

  @AfterEach
  void disconnect() throws IOException {
    client.close();
    store.close();
  }

  /** Returns a listener that takes the store away in the middle of the file, once. */
  private TransferListener takingAway() {
    return progress -> {
      if (progress.bytesDone() >= 6 << 20 && gone.compareAndSet(false, true)) {
        store.forwardTo(CuttingProxy.NOWHERE);
        store.cut();
      }
    };
  }

  private ArtifactTransfers transfers(boolean direct) {
    return new ArtifactTransfers(
        client.artifacts().getChannel(), OPTIONS.withDirect(direct), SIZES);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void upload_storeGoneInTheMiddle_saysSoAndShowsNothingAndGoesOnAfterwards(boolean direct)
      throws Exception {
    assertThatThrownBy(() -> transfers(direct).uploadFile(file, "d/a.bin", takingAway()))
        .isInstanceOfSatisfying(
            TransferException.class, e -> assertThat(e.code()).isEqualTo(Status.Code.UNAVAILABLE))
        .hasMessageContaining("upload to d/a.bin")
        .hasMessageContaining("store");

    assertThat(gone).isTrue();
    assertThat(list()).isZero();
    store.forwardTo(s3.getUri().getPort());
    assertThat(list()).isZero();
    long before = store.bytes();
    transfers(direct).uploadFile(file, "d/a.bin");
    assertThat(store.bytes() - before)
        .as("bytes sent again")
        .isLessThan(direct ? SIZE - PART + (1 << 20) : 2L * SIZE);
    assertWhole();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void download_storeGoneInTheMiddle_saysSoAndLeavesNoFile(boolean direct) throws Exception {
    transfers(direct).uploadFile(file, "d/a.bin");
    Path target = folder.resolve("b.bin");

    assertThatThrownBy(() -> transfers(direct).downloadFile("d/a.bin", target, takingAway()))
        .isInstanceOfSatisfying(
            TransferException.class, e -> assertThat(e.code()).isEqualTo(Status.Code.UNAVAILABLE));

    assertThat(gone).isTrue();
    assertThat(target).doesNotExist();
    store.forwardTo(s3.getUri().getPort());
    assertWhole();
  }

  private int list() {
    return client
        .artifacts()
        .list(ListRequest.newBuilder().setRecursive(true).build())
        .getEntriesCount();
  }

  private void assertWhole() throws Exception {
    Path target = folder.resolve("whole.bin");
    client.transfers().downloadFile("d/a.bin", target);
    assertThat(Files.mismatch(file, target)).isEqualTo(-1);
    CheckConsistencyProgress last = CheckConsistencyProgress.getDefaultInstance();
    var messages =
        client.artifacts().checkConsistency(CheckConsistencyRequest.getDefaultInstance());
    while (messages.hasNext()) {
      last = messages.next();
    }
    assertThat(last.getFindingCount()).isZero();
  }
}
