package dev.slipway.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.artifact.ArtifactServer;
import dev.slipway.artifact.v1.Artifact;
import dev.slipway.artifact.v1.ArtifactServiceGrpc.ArtifactServiceBlockingStub;
import dev.slipway.artifact.v1.CheckConsistencyProgress;
import dev.slipway.artifact.v1.CheckConsistencyRequest;
import dev.slipway.artifact.v1.DownloadRequest;
import dev.slipway.artifact.v1.Entry;
import dev.slipway.artifact.v1.ListRequest;
import dev.slipway.artifact.v1.QueryUploadRequest;
import dev.slipway.artifact.v1.StatRequest;
import dev.slipway.artifact.v1.UploadSpec;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills the client, the service and the store in the middle of an upload, again and again, and
 * looks whether it goes on where it was, and whether anything shows before the end. {@code
 * benchmarks/run artifacts-crash} does the same for longer.
 */
class KilledUploadIT {
  private static final long SIZE = Long.getLong("slipway.crash.mebibytes", 48) << 20;
  private static final int KILLS = Integer.getInteger("slipway.crash.rounds", 3);
  private static final long SEED = Long.getLong("slipway.crash.seed", 11);
  private static final String PATH = "models/large.bin";
  private static final long PART = 16 << 20;
  // What is on its way when its receiver is killed: windows and buffers of sockets.
  private static final long UNDER_WAY = 16 << 20;
  private static final int LINES_PER_LOOK = 32;

  @TempDir private Path folder;
  private final CuttingProxy serviceProxy = new CuttingProxy();
  private final CuttingProxy storeProxy = new CuttingProxy();
  private final Random random = new Random(SEED);
  private final List<String> flags = new ArrayList<>();
  private Path file;
  private String sha256;
  private SlipwayClient client;
  private ServiceProcess service;
  private Uploader uploader;
  private boolean allSent;
  private long heard;
  private long mayBeSentAgain = 1 << 20;
  private long looks;

  KilledUploadIT() throws IOException {}

  /** Is a process that can be killed, and what is to be done then. */
  private interface Victim {
    void killAndReplace() throws Exception;
  }

  @BeforeEach
  void writeFile() throws IOException {
    file = folder.resolve("large.bin");
    byte[] block = new byte[1 << 20];
    try (OutputStream out = Files.newOutputStream(file)) {
      for (long written = 0; written < SIZE; written += block.length) {
        random.nextBytes(block);
        out.write(block);
      }
    }
    sha256 = Digests.sha256(file);
    client = SlipwayClient.connect(serviceProxy.address());
  }

  @AfterEach
  void stop() throws Exception {
    // Where a test failed early there is not all of it.
    for (AutoCloseable part :
        Arrays.<AutoCloseable>asList(client, uploader, service, serviceProxy, storeProxy)) {
      if (part != null) {
        part.close();
      }
    }
  }

  private void startService() throws IOException {
    service =
        ServiceProcess.start(
            ArtifactServer.class, folder.resolve("data"), flags.toArray(String[]::new));
    serviceProxy.forwardTo(service.port());
  }

  private void startUploader() throws IOException {
    uploader = Uploader.start(serviceProxy.address(), file, PATH);
  }

  @Test
  void throughTheService_killedAgainAndAgain_goesOnAndIsEqual() throws Exception {
    flags.add("--artifact-spool=" + folder.resolve("spool"));
    startService();
    startUploader();
    Resumption resumption = new Resumption();

    killInTurn(
        List.of(
            () -> {
              service.kill();
              resumption.mayGoBackTo(spooled(), heard);
              startService();
            },
            () -> {
              uploader.kill();
              resumption.atLeast(committed(), heard);
              startUploader();
            }),
        resumption);

    assertPublished();
  }

  private String uploadId() {
    return Digests.nameOf(
        UploadSpec.newBuilder().setPath(PATH).setSizeBytes(SIZE).setSha256(sha256).build());
  }

  /**
   * Returns how many bytes the dead service had taken: all when it has published them, and none
   * when what was sent was still on its way.
   */
  private long spooled() throws IOException {
    Path bytes = folder.resolve("spool").resolve(uploadId() + ".part");
    if (Files.notExists(bytes)) {
      return heard == SIZE ? SIZE : 0;
    }
    return Files.size(bytes);
  }

  private long committed() {
    try {
      return stub()
          .queryUpload(QueryUploadRequest.newBuilder().setUploadId(uploadId()).build())
          .getCommittedSizeBytes();
    } catch (StatusRuntimeException e) {
      assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.NOT_FOUND);
      return 0;
    }
  }

  /** Holds that what was sent is kept, and that none of it is sent again. */
  private static final class Resumption {
    private long floor;
    private long position = Long.MAX_VALUE;

    /** Another process begins, at or after what is committed of what the one before has sent. */
    void atLeast(long committed, long sent) {
      mayGoBackTo(committed, sent);
      position = Long.MAX_VALUE;
    }

    /** The same process finds the other side with so many bytes of those that it has sent. */
    void mayGoBackTo(long committed, long sent) {
      assertThat(committed).isGreaterThan(sent - UNDER_WAY);
      floor = committed;
    }

    void at(long newPosition) {
      if (newPosition < position) {
        assertThat(newPosition).isGreaterThanOrEqualTo(floor);
      }
      position = newPosition;
    }
  }

  @Test
  @EnabledIfEnvironmentVariable(
      named = MinioProcess.BINARY_VARIABLE,
      matches = ".+",
      disabledReason = "set SLIPWAY_MINIO_BINARY to a MinIO server, see artifact-service/README.md")
  void straightToTheStore_killedAgainAndAgain_goesOnAndIsEqual() throws Exception {
    try (MinioProcess store = new MinioProcess(folder.resolve("minio"))) {
      storeProxy.forwardTo(store.port());
      flags.add("--minio-endpoint=" + store.endpoint());
      flags.add("--minio-public-endpoint=http://" + storeProxy.address());
      flags.add("--minio-access-key=" + MinioProcess.ACCESS_KEY);
      flags.add("--minio-secret-key=" + MinioProcess.SECRET_KEY);
      startService();
      startUploader();

      killInTurn(
          List.of(
              () -> {
                uploader.kill();
                mayBeSentAgain += endOfPart();
                startUploader();
              },
              () -> {
                store.kill();
                mayBeSentAgain += endOfPart();
                store.start();
              },
              () -> {
                service.kill();
                startService();
              }),
          new Resumption());

      assertThat(storeProxy.bytes()).isLessThan(SIZE + mayBeSentAgain);
      assertThat(serviceProxy.bytes()).as("bytes through the service").isLessThan(PART);
      assertPublished();
    }
  }

  /** Returns how much was sent of a part that the store does not have yet, and a little more. */
  private long endOfPart() {
    return (heard - 1) % PART + 1 + (1 << 20);
  }

  /** Each kill comes at a random point of its share of the file, the last when all is sent. */
  private void killInTurn(List<Victim> victims, Resumption resumption) throws Exception {
    for (int kill = 0; kill < KILLS; kill++) {
      boolean last = kill == KILLS - 1;
      long share = SIZE / KILLS;
      hearUntil(last ? SIZE : kill * share + (long) (random.nextDouble() * share), resumption);
      victims.get(kill % victims.size()).killAndReplace();
      look();
    }
    hearUntil(Long.MAX_VALUE, resumption);
    System.out.printf(
        "%,d bytes, %d kills, --seed %d: whole, and never seen in part in %d looks%n",
        SIZE, KILLS, SEED, looks);
  }

  /** Reads what the client says until it has sent so many bytes, or is done. */
  private void hearUntil(long target, Resumption resumption) throws Exception {
    long lines = 0;
    for (long sent = uploader.hear(); sent >= 0; sent = uploader.hear()) {
      allSent |= sent == SIZE;
      heard = sent;
      resumption.at(sent);
      if (sent >= target) {
        return;
      }
      if (lines++ % LINES_PER_LOOK == 0) {
        look();
      }
    }
    assertThat(target).as("the client is done").isEqualTo(Long.MAX_VALUE);
  }

  private ArtifactServiceBlockingStub stub() {
    return client.artifacts().withDeadlineAfter(60, TimeUnit.SECONDS);
  }

  /** Looks in all ways whether anything shows; only at the end it may, and whole. */
  private void look() throws Exception {
    looks++;
    try {
      List<Entry> entries =
          stub().list(ListRequest.newBuilder().setRecursive(true).build()).getEntriesList();
      if (!allSent) {
        assertThat(entries).isEmpty();
        assertAbsent(() -> stub().stat(StatRequest.newBuilder().setPath(PATH).build()));
        assertAbsent(
            () -> stub().download(DownloadRequest.newBuilder().setPath(PATH).build()).next());
        assertAbsent(
            () -> stub().download(DownloadRequest.newBuilder().setSha256(sha256).build()).next());
      }
      for (Entry entry : entries) {
        assertWhole(entry.getArtifact());
      }
    } catch (StatusRuntimeException e) {
      // The connection to the one before was lost only now; UNKNOWN: just as the call began.
      assertThat(e.getStatus().getCode()).isIn(Status.Code.UNAVAILABLE, Status.Code.UNKNOWN);
    }
  }

  private static void assertAbsent(ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e ->
                assertThat(e.getStatus().getCode())
                    .isIn(Status.Code.NOT_FOUND, Status.Code.UNAVAILABLE, Status.Code.UNKNOWN));
  }

  private void assertWhole(Artifact artifact) {
    assertThat(artifact.getPath()).isEqualTo(PATH);
    assertThat(artifact.getSizeBytes()).isEqualTo(SIZE);
    assertThat(artifact.getSha256()).isEqualTo(sha256);
  }

  private void assertPublished() throws Exception {
    assertWhole(stub().stat(StatRequest.newBuilder().setPath(PATH).build()).getArtifact());
    client.transfers().downloadFile(PATH, folder.resolve("down.bin"));
    assertThat(Files.mismatch(file, folder.resolve("down.bin"))).isEqualTo(-1);
    List<CheckConsistencyProgress> check = new ArrayList<>();
    stub()
        .checkConsistency(CheckConsistencyRequest.newBuilder().setVerifyContent(true).build())
        .forEachRemaining(check::add);
    assertThat(check.get(check.size() - 1).getFindingCount()).isZero();
  }
}
