package dev.slipway.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.artifact.ArtifactConfig;
import dev.slipway.artifact.ArtifactModule;
import dev.slipway.artifact.v1.Artifact;
import dev.slipway.artifact.v1.DeleteRequest;
import dev.slipway.artifact.v1.Manifest;
import dev.slipway.artifact.v1.SnapshotRequest;
import dev.slipway.runtime.testing.GrpcServerExtension;
import dev.slipway.runtime.testing.TestDatabases;
import io.grpc.Status.Code;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class ArtifactTransfersTest {
  private static final TransferOptions IMPATIENT =
      new TransferOptions(3, 5, Duration.ofMillis(5), Duration.ofMillis(50));
  private static final int RANGE = 4 << 20;
  // What a large file is, is small here.
  private static final TransferSizes SIZES = new TransferSizes(RANGE, OptionalLong.empty(), RANGE);

  @TempDir Path folder;

  @RegisterExtension
  private final GrpcServerExtension server =
      GrpcServerExtension.netty(
          64 << 20,
          () ->
              List.of(
                  ArtifactModule.open(
                      new ArtifactConfig(
                          TestDatabases.h2(folder.resolve("server")),
                          new ArtifactConfig.Folder(folder.resolve("server").resolve("store")),
                          folder.resolve("server").resolve("uploads"),
                          ArtifactConfig.DEFAULT_UPLOAD_EXPIRY),
                      new MetricRegistry(),
                      Clock.systemUTC())));

  private CuttingProxy proxy;
  private SlipwayClient client;
  private ArtifactTransfers transfers;

  @BeforeEach
  void connect() throws IOException {
    proxy = new CuttingProxy(server.server().port());
    client = SlipwayClient.connect(proxy.address());
    transfers = transfers(IMPATIENT);
  }

  private ArtifactTransfers transfers(TransferOptions options) {
    return new ArtifactTransfers(client.artifacts().getChannel(), options, SIZES);
  }

  @AfterEach
  void disconnect() throws IOException {
    client.close();
    proxy.close();
  }

  private Path file(String name, int size) throws IOException {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.write(file, bytes);
  }

  private static void assertEqualFiles(Path actual, Path expected) throws IOException {
    assertThat(Files.mismatch(actual, expected)).isEqualTo(-1);
  }

  private void assertNoLeftovers() throws IOException {
    try (Stream<Path> names = Files.list(folder)) {
      assertThat(names.map(path -> path.getFileName().toString()))
          .noneMatch(name -> name.contains(".part-"));
    }
  }

  @Test
  void uploadAndDownload_file_isEqualAndProgressAddsUp() throws Exception {
    Path file = file("a.bin", 1_000_001);
    List<TransferListener.Progress> heard = new ArrayList<>();

    Artifact up = transfers.uploadFile(file, "d/a.bin", heard::add);
    Artifact down = transfers.downloadFile("d/a.bin", folder.resolve("b.bin"), heard::add);

    assertThat(down).isEqualTo(up);
    assertEqualFiles(folder.resolve("b.bin"), file);
    assertThat(heard.get(heard.size() - 1))
        .isEqualTo(new TransferListener.Progress(1, 1, 1_000_001, 1_000_001, "d/a.bin"));
    assertThat(heard).allMatch(progress -> progress.bytesTotal() == 1_000_001);
    assertThat(transfers.readBytes("d/a.bin", 1_000_001)).hasSize(1_000_001);
    assertNoLeftovers();
  }

  @Test
  void copyTo_file_isEqualAndProgressAddsUp() throws Exception {
    Path file = file("a.bin", 1_000_001);
    transfers.uploadFile(file, "d/a.bin");
    ByteArrayOutputStream copy = new ByteArrayOutputStream();
    List<TransferListener.Progress> heard = new ArrayList<>();

    transfers.copyTo(copy, "d/a.bin", heard::add);

    assertThat(file).hasBinaryContent(copy.toByteArray());
    assertThat(heard).allMatch(progress -> progress.bytesTotal() == 1_000_001);
    assertThat(heard.get(heard.size() - 1))
        .isEqualTo(new TransferListener.Progress(1, 1, 1_000_001, 1_000_001, "d/a.bin"));
  }

  @Test
  void upload_connectionCutAgainAndAgain_resumesAndIsEqual() throws Exception {
    Path file = file("big.bin", 24 << 20);
    proxy.cutEvery(2 << 20, 8);

    transfers.uploadFile(file, "big.bin");

    assertThat(proxy.cuts()).isEqualTo(8);
    transfers.downloadFile("big.bin", folder.resolve("x"));
    assertEqualFiles(folder.resolve("x"), file);
  }

  @Test
  void download_connectionCutAgainAndAgain_resumesAndIsEqual() throws Exception {
    Path file = file("big.bin", 24 << 20);
    transfers.uploadFile(file, "big.bin");
    proxy.cutEvery(2 << 20, 8);

    // In one stream.
    client.transfers(IMPATIENT).downloadFile("big.bin", folder.resolve("copy.bin"));

    assertThat(proxy.cuts()).isEqualTo(8);
    assertEqualFiles(folder.resolve("copy.bin"), file);
    assertNoLeftovers();
  }

  @Test
  void upload_contentThatIsThere_sendsNoBytes() throws Exception {
    // Until the answer comes the client sends what flow control lets it: 8 MiB, if the connection
    // is fast.
    Path file = file("a.bin", 24 << 20);
    transfers.uploadFile(file, "a.bin");
    proxy.cutEvery(16 << 20, 1);

    transfers.uploadFile(file, "b.bin");

    assertThat(proxy.cuts()).isZero();
  }

  @Test
  void uploadFolder_thenManifest_comesBackWhole() throws Exception {
    file("model/MLmodel", 100);
    file("model/data/model.bin", 2_000_000);
    file("model/data/empty", 0);
    file("model/Größe/モデル.txt", 5);
    for (int i = 0; i < 40; i++) {
      file("model/many/" + i, 1000 + i);
    }
    List<TransferListener.Progress> heard = new ArrayList<>();

    UploadedFolder uploaded =
        transfers.uploadFolder(folder.resolve("model"), "1/r/artifacts/model", heard::add);
    Manifest manifest =
        client
            .artifacts()
            .snapshot(
                SnapshotRequest.newBuilder()
                    .setPath("1/r/artifacts/model")
                    .setHolder("models/m/versions/1")
                    .build());
    client.artifacts().delete(DeleteRequest.newBuilder().setPath("1").setRecursive(true).build());
    Manifest down = transfers.downloadManifest(manifest.getDigest(), folder.resolve("copy"));

    assertThat(uploaded.files()).isEqualTo(44);
    assertThat(heard.get(heard.size() - 1).filesDone()).isEqualTo(44);
    assertThat(down.getFileCount()).isEqualTo(44);
    assertSameFolders(folder.resolve("model"), folder.resolve("copy"));
    assertNoLeftovers();
  }

  private static void assertSameFolders(Path expected, Path actual) throws IOException {
    assertThat(files(actual)).isEqualTo(files(expected));
    for (String name : files(expected)) {
      assertEqualFiles(actual.resolve(name), expected.resolve(name));
    }
  }

  private static List<String> files(Path root) throws IOException {
    try (Stream<Path> walk = Files.walk(root)) {
      return walk.filter(Files::isRegularFile)
          .map(file -> root.relativize(file).toString())
          .sorted()
          .toList();
    }
  }

  @Test
  void uploadFolder_linkToAFolder_uploadsWhatLiesInIt() throws Exception {
    file("v1/a", 10);
    file("v1/b/c", 20);
    Path current = Files.createSymbolicLink(folder.resolve("current"), folder.resolve("v1"));

    assertThat(transfers.uploadFolder(current, "m")).isEqualTo(new UploadedFolder(2, 30));

    assertThat(transfers.readBytes("m/a", 10)).hasSize(10);
    assertThat(transfers.readBytes("m/b/c", 20)).hasSize(20);
  }

  @Test
  void downloadFolder_asItIsNow_comesBackWhole() throws Exception {
    file("f/a", 10);
    file("f/b/c", 20);
    transfers.uploadFolder(folder.resolve("f"), "deep/down");

    transfers.downloadFolder("deep/down", folder.resolve("g"));
    transfers.downloadFolder("", folder.resolve("all"));

    assertSameFolders(folder.resolve("f"), folder.resolve("g"));
    assertThat(files(folder.resolve("all"))).containsExactly("deep/down/a", "deep/down/b/c");
  }

  @Test
  void downloads_ofWhatIsNotThere_leaveNothing() throws Exception {
    Path target = folder.resolve("t");

    assertCode(Code.NOT_FOUND, () -> transfers.downloadFile("absent", target));
    assertCode(Code.NOT_FOUND, () -> transfers.downloadFolder("absent", target));
    assertCode(Code.NOT_FOUND, () -> transfers.downloadManifest("0".repeat(64), target));
    assertCode(Code.INVALID_ARGUMENT, () -> transfers.downloadFile("../x", target));
    assertThat(target).doesNotExist();
    assertNoLeftovers();
  }

  /** Is a transfer that fails. */
  private interface Transfer {
    void run() throws IOException, InterruptedException;
  }

  private static void assertCode(Code code, Transfer transfer) {
    assertThatThrownBy(transfer::run)
        .isInstanceOfSatisfying(TransferException.class, e -> assertThat(e.code()).isEqualTo(code));
  }

  @Test
  void downloads_ontoAFolderThatExists_areRefused() throws Exception {
    transfers.uploadBytes("x".getBytes(UTF_8), "d/x");
    Files.createDirectory(folder.resolve("t"));

    assertThatThrownBy(() -> transfers.downloadFolder("d", folder.resolve("t")))
        .isInstanceOf(FileAlreadyExistsException.class);
  }

  @Test
  void download_damagedContent_isRefusedAndLeavesNothing() throws Exception {
    Artifact artifact = transfers.uploadBytes("hello".getBytes(UTF_8), "x");
    String hex = artifact.getSha256();
    Path blob = folder.resolve("server/store/blobs/" + hex.substring(0, 2) + "/" + hex);
    Files.writeString(blob, "hullo");

    assertCode(Code.DATA_LOSS, () -> transfers.downloadFile("x", folder.resolve("t")));
    assertThat(folder.resolve("t")).doesNotExist();
    assertNoLeftovers();
  }

  @Test
  void readBytes_aboveTheBound_isRefused() throws Exception {
    transfers.uploadBytes(new byte[100], "x");

    assertCode(Code.RESOURCE_EXHAUSTED, () -> transfers.readBytes("x", 99));
    assertThat(transfers.readBytes("x", 100)).hasSize(100);
  }

  @Test
  void upload_refusedPath_failsAtOnce() throws Exception {
    Path file = file("a", 10);

    assertCode(Code.INVALID_ARGUMENT, () -> transfers.uploadFile(file, "../a"));
    assertThatThrownBy(() -> transfers.uploadFolder(file, "a"))
        .isInstanceOf(NotDirectoryException.class);
  }

  @Test
  void upload_serverGone_givesUpAfterItsAttempts() throws Exception {
    Path file = file("a", 10);
    server.server().close();

    assertCode(Code.UNAVAILABLE, () -> transfers.uploadFile(file, "a"));
  }

  @Test
  void digestOfManifest_isThatOfTheCanonicalText() {
    // printf 'e3b0...b855 0 a\n' | sha256sum
    var entry =
        dev.slipway.artifact.v1.ManifestEntry.newBuilder()
            .setPath("a")
            .setSha256("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
            .build();
    MessageDigest digest = Digests.newSha256();
    Digests.addEntries(digest, Arrays.asList(entry));
    assertThat(Digests.hex(digest))
        .isEqualTo("5c0ff7e6a0ca00b1e1ac1bea17a8099762a6fbde9948d1b6ea360ed152c93b3e");
  }

  @Test
  void download_ofALargeFile_isFetchedInRangesAndTakenUpWhenCut() throws Exception {
    Path file = file("large.bin", LARGE);
    transfers.uploadFile(file, "large.bin");
    List<TransferListener.Progress> heard = new ArrayList<>();
    // Fewer than the attempts, as a cut may take all that was under way.
    proxy.cutEvery(RANGE / 2, 4);

    transfers.downloadFile("large.bin", folder.resolve("b.bin"), heard::add);

    assertEqualFiles(folder.resolve("b.bin"), file);
    assertThat(proxy.cuts()).isPositive();
    assertThat(heard.get(heard.size() - 1).bytesDone()).isEqualTo(LARGE);
    assertNoLeftovers();
  }

  @Test
  void downloadFolder_thatFailed_goesOnWithWhatCame() throws Exception {
    for (int i = 0; i < 6; i++) {
      transfers.uploadBytes(new byte[] {(byte) i}, "d/" + i);
    }
    ArtifactTransfers keeping = transfers(IMPATIENT.withResumable(true).withParallel(1, 1));
    Path target = folder.resolve("down");
    assertThatThrownBy(
            () ->
                keeping.downloadFolder(
                    "d",
                    target,
                    progress -> {
                      if (progress.filesDone() == 3) {
                        throw new IllegalStateException("the process dies");
                      }
                    }))
        .isInstanceOf(IllegalStateException.class);
    assertThat(target).doesNotExist();
    Path partial = folder.resolve(".down.part");
    assertThat(partial.resolve("1")).hasBinaryContent(new byte[] {1});
    Files.write(partial.resolve("2"), new byte[] {77});
    Files.write(partial.resolve("gone"), new byte[] {77});
    FileTime before = Files.getLastModifiedTime(partial.resolve("1"));

    keeping.downloadFolder("d", target);

    for (int i = 0; i < 6; i++) {
      assertThat(target.resolve("" + i)).hasBinaryContent(new byte[] {(byte) i});
    }
    assertThat(Files.getLastModifiedTime(target.resolve("1"))).isEqualTo(before);
    assertThat(target.resolve("gone")).doesNotExist();
    assertThat(partial).doesNotExist();
    assertThat(folder.resolve(".down.part.lock")).doesNotExist();
  }

  @Test
  void downloadFolder_goingOnWithAnOlderListing_makesFilesAndDirectoriesOfEachOther()
      throws Exception {
    Files.createDirectory(folder.resolve("elsewhere"));
    Path partial = Files.createDirectories(folder.resolve(".down.part"));
    Files.writeString(partial.resolve("becomes-directory"), "x");
    Files.createDirectories(partial.resolve("becomes-file/deep"));
    Files.writeString(partial.resolve("becomes-file/deep/x"), "x");
    Files.createDirectories(partial.resolve("gone/deep"));
    Files.writeString(partial.resolve("gone/deep/x"), "x");
    transfers.uploadBytes("1".getBytes(UTF_8), "d/becomes-directory/deep/a");
    transfers.uploadBytes("2".getBytes(UTF_8), "d/becomes-file");

    transfers(IMPATIENT.withResumable(true))
        .downloadFolder("d", folder.resolve("elsewhere/../down"));

    assertThat(files(folder.resolve("down")))
        .containsExactly("becomes-directory/deep/a", "becomes-file");
    assertThat(folder.resolve("down/gone")).doesNotExist();
  }

  private static final int LARGE = 4 * RANGE + 5;

  /** Counts what is fetched; ranges that were there before are told whole. */
  private static final class Fetched implements TransferListener {
    private long done;
    private long bytes;

    @Override
    public void onProgress(Progress progress) {
      long moved = progress.bytesDone() - done;
      done = progress.bytesDone();
      bytes += moved < RANGE ? moved : 0;
    }
  }

  /** Downloads until so many bytes are there, and then fails as a process that dies. */
  private void downloadInVain(String path, Path target, long bytes) {
    assertThatThrownBy(
            () ->
                keeping()
                    .downloadFile(
                        path,
                        target,
                        progress -> {
                          if (progress.bytesDone() >= bytes) {
                            throw new IllegalStateException("the process dies");
                          }
                        }))
        .isInstanceOf(IllegalStateException.class);
    assertThat(target).doesNotExist();
  }

  private ArtifactTransfers keeping() {
    return transfers(IMPATIENT.withResumable(true).withParallel(1, 1));
  }

  @Test
  void downloadFile_largeAndCutOff_goesOnInAnotherProcess() throws Exception {
    Path file = file("large.bin", LARGE);
    transfers.uploadFile(file, "large.bin");
    Path target = folder.resolve("n".repeat(255));
    downloadInVain("large.bin", target, 5 * RANGE / 2);
    Fetched fetched = new Fetched();

    keeping().downloadFile("large.bin", target, fetched);

    assertThat(fetched.bytes).isLessThanOrEqualTo(LARGE - 2 * RANGE);
    assertEqualFiles(target, file);
    assertThat(PartFile.bytesOf(target)).doesNotExist();
    assertThat(PartFile.rangesOf(target)).doesNotExist();
  }

  @Test
  void downloadFile_whatCameWasDamagedOrIsOfAnother_beginsAnew() throws Exception {
    Path file = file("large.bin", LARGE);
    transfers.uploadFile(file, "large.bin");
    Path target = folder.resolve("down.bin");
    downloadInVain("large.bin", target, 5 * RANGE / 2);
    try (FileChannel bytes = FileChannel.open(PartFile.bytesOf(target), StandardOpenOption.WRITE)) {
      int unused = bytes.write(ByteBuffer.wrap(new byte[10]), 1000);
    }

    keeping().downloadFile("large.bin", target);
    assertEqualFiles(target, file);

    Files.delete(target);
    downloadInVain("large.bin", target, 5 * RANGE / 2);
    Path other = file("other.bin", LARGE + 1);
    transfers.uploadFile(other, "large.bin");
    keeping().downloadFile("large.bin", target);

    assertEqualFiles(target, other);
  }

  @Test
  @SuppressWarnings("try") // It is held, not referred to.
  void downloadFile_twiceAtOnce_isRefused() throws Exception {
    transfers.uploadFile(file("large.bin", LARGE), "large.bin");
    Path target = folder.resolve("down.bin");
    try (PartFile unused = PartFile.open(target, SIZES.ranges(Artifact.getDefaultInstance()))) {
      assertThatThrownBy(() -> keeping().downloadFile("large.bin", target))
          .hasMessageContaining("another download to");
    }
    keeping().downloadFile("large.bin", target);
    assertEqualFiles(target, folder.resolve("large.bin"));
  }

  @Test
  void downloadFolder_cutOffAgainAndAgain_goesOnWithLargeAndSmallFiles() throws Exception {
    Files.createDirectories(folder.resolve("up/d"));
    Path file = file("up/d/large.bin", LARGE);
    Files.writeString(folder.resolve("up/a"), "a");
    transfers.uploadFolder(folder.resolve("up"), "m");
    Path target = folder.resolve("down");
    for (long bytes : new long[] {5 * RANGE / 4, 9 * RANGE / 4}) {
      downloadFolderInVain("m", target, bytes);
    }
    Fetched fetched = new Fetched();

    keeping().downloadFolder("m", target, fetched);

    // And the byte of the small file, which is looked at again.
    assertThat(fetched.bytes).isLessThanOrEqualTo(LARGE - 2 * RANGE + 1);
    assertEqualFiles(target.resolve("d/large.bin"), file);
    assertThat(files(target)).containsExactly("a", "d/large.bin");
    assertThat(names(folder)).doesNotContain(".down.part", ".down.part.1", ".down.part.2");
  }

  private void downloadFolderInVain(String path, Path target, long bytes) {
    assertThatThrownBy(
            () ->
                keeping()
                    .downloadFolder(
                        path,
                        target,
                        progress -> {
                          if (progress.bytesDone() >= bytes) {
                            throw new IllegalStateException("the process dies");
                          }
                        }))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void downloadFolder_killedBetweenTakingOverAPartAndItsRanges_goesOn() throws Exception {
    Path file = file("up/large.bin", LARGE);
    transfers.uploadFolder(folder.resolve("up"), "m");
    Path target = folder.resolve("down");
    downloadFolderInVain("m", target, 5 * RANGE / 4);
    Files.delete(PartFile.bytesOf(folder.resolve(".down.part/large.bin")));

    keeping().downloadFolder("m", target);

    assertThat(files(target)).containsExactly("large.bin");
    assertEqualFiles(target.resolve("large.bin"), file);
  }

  @Test
  void downloadFolder_partsThatAreNotWantedAnyMore_leavesNothing() throws Exception {
    Path whole = file("up/becomes-whole", LARGE);
    transfers.uploadFolder(folder.resolve("up"), "m");
    Path target = folder.resolve("down");
    downloadFolderInVain("m", target, 5 * RANGE / 4);
    // Of two downloads before the earlier brought one file whole.
    Files.createDirectories(folder.resolve(".down.part.1"));
    Path unused = Files.copy(whole, folder.resolve(".down.part.1/becomes-whole"));
    keeping().downloadFolder("m", target);
    assertThat(files(target)).containsExactly("becomes-whole");

    Path next = folder.resolve("next");
    downloadFolderInVain("m", next, 5 * RANGE / 4);
    transfers.uploadFile(file("small", 5), "m/becomes-whole");
    keeping().downloadFolder("m", next);
    assertThat(files(next)).containsExactly("becomes-whole");
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> children = Files.list(folder)) {
      return children.map(child -> child.getFileName().toString()).toList();
    }
  }

  @Test
  void uploadFolder_nameWithABackslash_isRefusedAndNotTakenForADirectory() throws Exception {
    file("back/a\\b", 1);

    assertCode(Code.INVALID_ARGUMENT, () -> transfers.uploadFolder(folder.resolve("back"), "back"));
    assertCode(Code.NOT_FOUND, () -> transfers.downloadFile("back/a/b", folder.resolve("t")));
  }
}
