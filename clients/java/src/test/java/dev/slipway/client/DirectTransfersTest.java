package dev.slipway.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.artifact.ArtifactConfig;
import dev.slipway.artifact.ArtifactModule;
import dev.slipway.artifact.blob.MinioSettings;
import dev.slipway.artifact.v1.Artifact;
import dev.slipway.artifact.v1.SnapshotRequest;
import dev.slipway.runtime.testing.GrpcServerExtension;
import dev.slipway.runtime.testing.TestDatabases;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import org.gaul.s3proxy.junit.S3ProxyExtension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Runs transfers against a service whose bytes lie in an S3 store, each behind a proxy. */
class DirectTransfersTest {
  private static final int MEBIBYTE = 1 << 20;
  // Of a part but the last, S3 takes no less.
  private static final int PART = 5 * MEBIBYTE;
  private static final int SIZE = 2 * PART + 2 * MEBIBYTE + 7;
  private static final TransferSizes SIZES =
      new TransferSizes(PART, OptionalLong.of(PART), 4 * MEBIBYTE);
  private static final TransferOptions OPTIONS =
      new TransferOptions(3, 20, Duration.ofMillis(5), Duration.ofMillis(50));

  @TempDir Path folder;

  @Order(1)
  @RegisterExtension
  private final S3ProxyExtension s3 = S3Server.make();

  @Order(2)
  @RegisterExtension
  private final GrpcServerExtension server =
      GrpcServerExtension.netty(64 << 20, () -> List.of(open()));

  private final CuttingProxy storeProxy = new CuttingProxy();
  private CuttingProxy serviceProxy;
  private SlipwayClient client;
  private ArtifactTransfers transfers;

  DirectTransfersTest() throws IOException {}

  private ArtifactModule open() {
    storeProxy.forwardTo(s3.getUri().getPort());
    return ArtifactModule.open(
        new ArtifactConfig(
            TestDatabases.h2(folder),
            new ArtifactConfig.Minio(
                new MinioSettings(
                    s3.getUri().toString(),
                    Optional.of("http://" + storeProxy.address()),
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
    serviceProxy = new CuttingProxy(server.server().port());
    client = SlipwayClient.connect(serviceProxy.address());
    transfers = transfers(OPTIONS);
  }

  private ArtifactTransfers transfers(TransferOptions options) {
    return new ArtifactTransfers(client.artifacts().getChannel(), options, SIZES);
  }

  @AfterEach
  void disconnect() throws IOException {
    client.close();
    serviceProxy.close();
    storeProxy.close();
  }

  private Path file(String name, int size) throws IOException {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return Files.write(folder.resolve(name), bytes);
  }

  @Test
  void largeFile_goesPastTheService() throws Exception {
    Path file = file("a.bin", SIZE);
    serviceProxy.cutEvery(MEBIBYTE, 1);
    List<TransferListener.Progress> heard = new ArrayList<>();

    Artifact up = transfers.uploadFile(file, "d/a.bin", heard::add);
    Artifact down = transfers.downloadFile("d/a.bin", folder.resolve("b.bin"), heard::add);

    assertThat(serviceProxy.cuts()).as("bytes through the service").isZero();
    assertThat(down).isEqualTo(up);
    assertThat(Files.mismatch(file, folder.resolve("b.bin"))).isEqualTo(-1);
    assertThat(heard.get(heard.size() - 1))
        .isEqualTo(new TransferListener.Progress(1, 1, SIZE, SIZE, "d/a.bin"));
    assertThat(transfers.uploadFile(file, "again.bin").getSha256()).isEqualTo(up.getSha256());
  }

  @Test
  void connectionToTheStoreCutAgainAndAgain_isTakenUpAndEqual() throws Exception {
    Path file = file("a.bin", SIZE);
    serviceProxy.cutEvery(MEBIBYTE, 1);
    storeProxy.cutEvery(6 * MEBIBYTE, 4);

    transfers.uploadFile(file, "a.bin");
    storeProxy.cutEvery(3 * MEBIBYTE / 2, 4);
    transfers.downloadFile("a.bin", folder.resolve("b.bin"));

    assertThat(storeProxy.cuts()).isGreaterThanOrEqualTo(4);
    assertThat(serviceProxy.cuts()).as("bytes through the service").isZero();
    assertThat(Files.mismatch(file, folder.resolve("b.bin"))).isEqualTo(-1);
  }

  @Test
  void upload_begunByAnother_sendsOnlyThePartsThatAreMissing() throws Exception {
    Path file = file("a.bin", SIZE);
    ArtifactTransfers first = transfers(OPTIONS.withParallel(1, 1));
    assertThatThrownBy(
            () ->
                first.uploadFile(
                    file,
                    "a.bin",
                    progress -> {
                      if (progress.bytesDone() > 2 * PART) {
                        throw new IllegalStateException("the process dies");
                      }
                    }))
        .isNotNull();
    storeProxy.cutEvery(PART, 1);

    transfers.uploadFile(file, "a.bin");

    assertThat(storeProxy.cuts()).as("more than the last part").isZero();
    transfers.downloadFile("a.bin", folder.resolve("b.bin"));
    assertThat(Files.mismatch(file, folder.resolve("b.bin"))).isEqualTo(-1);
  }

  @Test
  void storeThatOnlyTheServiceReaches_isReachedThroughIt() throws Exception {
    Path file = file("a.bin", SIZE);
    storeProxy.close();

    transfers.uploadFile(file, "a.bin");
    transfers.downloadFile("a.bin", folder.resolve("b.bin"));
    transfers(OPTIONS).downloadFile("a.bin", folder.resolve("c.bin"));

    assertThat(Files.mismatch(file, folder.resolve("b.bin"))).isEqualTo(-1);
    assertThat(Files.mismatch(file, folder.resolve("c.bin"))).isEqualTo(-1);
  }

  @Test
  void folder_withLargeAndSmallAndEmptyFiles_comesBackEqual() throws Exception {
    Path up = Files.createDirectories(folder.resolve("up/größe 😀"));
    Files.write(up.resolve("large.bin"), Files.readAllBytes(file("large", SIZE)));
    Files.writeString(up.resolve("small 1.txt"), "small");
    Files.createFile(up.resolve("empty"));
    serviceProxy.cutEvery(MEBIBYTE, 1);

    transfers.uploadFolder(folder.resolve("up"), "m");
    String digest =
        client
            .artifacts()
            .snapshot(SnapshotRequest.newBuilder().setPath("m").setHolder("t").build())
            .getDigest();
    transfers.downloadManifest(digest, folder.resolve("down"));

    assertThat(serviceProxy.cuts()).as("bytes through the service").isZero();
    Path down = folder.resolve("down/größe 😀");
    assertThat(Files.mismatch(up.resolve("large.bin"), down.resolve("large.bin"))).isEqualTo(-1);
    assertThat(down.resolve("small 1.txt")).hasContent("small");
    assertThat(down.resolve("empty")).isEmptyFile();
  }

  @Test
  void transfers_thatAreNotDirect_goThroughTheService() throws Exception {
    Path file = file("a.bin", SIZE);
    storeProxy.cutEvery(1, 1);
    ArtifactTransfers through = transfers(OPTIONS.withDirect(false));

    through.uploadFile(file, "a.bin");
    through.downloadFile("a.bin", folder.resolve("b.bin"));

    assertThat(storeProxy.cuts()).isZero();
    assertThat(Files.mismatch(file, folder.resolve("b.bin"))).isEqualTo(-1);
  }
}
