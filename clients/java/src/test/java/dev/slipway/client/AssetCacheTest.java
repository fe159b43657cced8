package dev.slipway.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.artifact.ArtifactConfig;
import dev.slipway.artifact.ArtifactModule;
import dev.slipway.artifact.v1.AssetContent;
import dev.slipway.artifact.v1.AssetVersion;
import dev.slipway.artifact.v1.ListRequest;
import dev.slipway.artifact.v1.PushAssetRequest;
import dev.slipway.artifact.v1.UpdateAssetRequest;
import dev.slipway.runtime.testing.GrpcServerExtension;
import dev.slipway.runtime.testing.TestDatabases;
import io.grpc.Status.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class AssetCacheTest {
  private static final TransferOptions IMPATIENT =
      new TransferOptions(3, 5, Duration.ofMillis(5), Duration.ofMillis(50));

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

  @BeforeEach
  void connect() throws IOException {
    proxy = new CuttingProxy(server.server().port());
    client = SlipwayClient.connect(proxy.address());
  }

  @AfterEach
  void disconnect() throws IOException {
    client.close();
    proxy.close();
  }

  private AssetCacheOptions options() {
    return AssetCacheOptions.of(folder.resolve("cache"));
  }

  private AssetCache open(AssetCacheOptions options) throws IOException {
    return new AssetCache(client.artifactChannel(), options, IMPATIENT);
  }

  private Path write(String name, String text) throws IOException {
    Path file = folder.resolve("local").resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  private AssetVersion push(String name, Path files) throws Exception {
    return client
        .assetUploads()
        .push(files, PushAssetRequest.newBuilder().setName(name).build(), TransferListener.NONE);
  }

  private AssetVersion update(String name, Path files) throws Exception {
    return client
        .assetUploads()
        .update(
            files, UpdateAssetRequest.newBuilder().setName(name).build(), TransferListener.NONE);
  }

  /** Pushes {@code tree}, a folder of three files. */
  private AssetVersion pushTree() throws Exception {
    write("tree/a.txt", "a");
    write("tree/d/b.txt", "bb");
    write("tree/d/e/c.txt", "ccc");
    return push("tree", folder.resolve("local/tree"));
  }

  /** Pushes a file of so many bytes, which are different for each name. */
  private void pushBytes(String name, int size) throws Exception {
    push(name, write(name, name.repeat(size).substring(0, size)));
  }

  private static Map<String, String> read(Path root) throws IOException {
    Map<String, String> files = new TreeMap<>();
    try (Stream<Path> walk = Files.walk(root)) {
      for (Path file : walk.filter(Files::isRegularFile).toList()) {
        files.put(root.relativize(file).toString().replace('\\', '/'), Files.readString(file));
      }
    }
    return files;
  }

  private List<String> kept(String kind) throws IOException {
    try (Stream<Path> paths = Files.list(folder.resolve("cache").resolve(kind))) {
      return paths.map(path -> path.getFileName().toString()).toList();
    }
  }

  private long keptBytes() throws IOException {
    long bytes = 0;
    for (String digest : kept("content")) {
      for (String text : read(folder.resolve("cache/content/" + digest + "/files")).values()) {
        bytes += text.getBytes(UTF_8).length;
      }
    }
    return bytes;
  }

  @Test
  void push_folderAndFile_leaveNothingBehindAndSayWhatTheyWere() throws Exception {
    AssetVersion tree = pushTree();
    AssetVersion next =
        client
            .assetUploads()
            .update(
                write("x.bin", "x"),
                UpdateAssetRequest.newBuilder()
                    .setName("tree")
                    .setContent(AssetContent.newBuilder().setAuthor("ada").putMetadata("k", "v"))
                    .build(),
                TransferListener.NONE);

    assertThat(tree.getIsDirectory()).isTrue();
    assertThat(tree.getFileCount()).isEqualTo(3);
    assertThat(next.getVersion()).isEqualTo("0.1");
    assertThat(next.getIsDirectory()).isFalse();
    assertThat(next.getAuthor()).isEqualTo("ada");
    assertThat(next.getMetadataMap()).containsEntry("k", "v");
    assertThatThrownBy(() -> push("tree", folder.resolve("local/x.bin")))
        .isInstanceOfSatisfying(
            TransferException.class, e -> assertThat(e.code()).isEqualTo(Code.ALREADY_EXISTS));
    assertThatThrownBy(() -> push("empty", Files.createDirectory(folder.resolve("empty"))))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no files");
    assertThat(
            client
                .artifacts()
                .list(ListRequest.newBuilder().setRecursive(true).build())
                .getEntriesList())
        .isEmpty();
  }

  @Test
  void push_connectionCutAgainAndAgain_pushesOnce() throws Exception {
    Path big = write("big", "x".repeat(8 << 20));
    proxy.cutEvery(1 << 20, 6);

    AssetVersion pushed = push("big", big);

    assertThat(pushed.getVersion()).isEqualTo("0.0");
    assertThat(pushed.getSizeBytes()).isEqualTo(8 << 20);
  }

  @Test
  void fetch_folder_isEqualAndKept() throws Exception {
    AssetVersion pushed = pushTree();
    try (AssetCache cache = open(options());
        CachedAsset first = cache.fetch("tree");
        CachedAsset second = cache.fetch("tree:0.0");
        CachedAsset third = cache.fetch("tree:0")) {
      assertThat(first.fromCache()).isFalse();
      assertThat(first.version()).contains(pushed);
      assertThat(read(first.path()))
          .isEqualTo(Map.of("a.txt", "a", "d/b.txt", "bb", "d/e/c.txt", "ccc"));
      assertThat(List.of(second.fromCache(), third.fromCache())).containsOnly(true);
      assertThat(second.path()).isEqualTo(first.path()).isEqualTo(third.path());
      assertThat(second.version()).contains(pushed);
    }
    assertThat(kept("partial")).isEmpty();
  }

  @Test
  void fetch_partialVersion_followsUpdates() throws Exception {
    push("f", write("f.txt", "one"));
    try (AssetCache cache = open(options())) {
      try (CachedAsset first = cache.fetch("f:0")) {
        assertThat(first.path()).hasFileName("f.txt").hasContent("one");
      }
      update("f", write("f.txt", "two"));

      try (CachedAsset second = cache.fetch("f:0");
          CachedAsset pinned = cache.fetch("f:0.0")) {
        assertThat(second.fromCache()).isFalse();
        assertThat(second.path()).hasContent("two");
        assertThat(pinned.fromCache()).isTrue();
        assertThat(pinned.path()).hasContent("one");
      }
    }
  }

  @Test
  void fetch_part_fetchesOnlyItsFiles() throws Exception {
    pushTree();
    List<TransferListener.Progress> heard = new ArrayList<>();
    try (AssetCache cache = open(options());
        CachedAsset part = cache.fetch("tree:0.0[d]", heard::add);
        CachedAsset file = cache.fetch("tree[d/b.txt]");
        CachedAsset again = cache.fetch("tree:0.0[d]")) {
      assertThat(read(part.path())).isEqualTo(Map.of("b.txt", "bb", "e/c.txt", "ccc"));
      assertThat(heard.get(heard.size() - 1).filesTotal()).isEqualTo(2);
      assertThat(file.path()).hasFileName("b.txt").hasContent("bb");
      assertThat(again.fromCache()).isTrue();
    }
    assertThat(keptBytes()).isEqualTo(7);
  }

  @Test
  void fetch_partOfWhatIsKeptWhole_isTakenFromThere() throws Exception {
    pushTree();
    try (AssetCache cache = open(options());
        CachedAsset whole = cache.fetch("tree");
        CachedAsset part = cache.fetch("tree[d/e]");
        CachedAsset pinned = cache.fetch("tree:0.0[a.txt]")) {
      assertThat(part.fromCache()).isTrue();
      assertThat(part.path()).isEqualTo(whole.path().resolve("d/e"));
      assertThat(pinned.path()).hasContent("a");
    }
    assertThat(kept("content")).hasSize(1);
  }

  @Test
  void fetch_serviceAway_givesCompleteVersionsThatAreKept() throws Exception {
    pushTree();
    pushBytes("other", 3);
    try (AssetCache cache = open(options())) {
      cache.fetch("tree").close();
      cache.fetch("other").close();
      server.server().close();

      try (CachedAsset whole = cache.fetch("tree:0.0");
          CachedAsset part = cache.fetch("tree:0.0[d]")) {
        assertThat(read(whole.path())).hasSize(3);
        assertThat(read(part.path())).hasSize(2);
      }
      for (String unknown : List.of("tree", "tree:0", "tree:0.1", "other:0.0[x]")) {
        assertThatThrownBy(() -> cache.fetch(unknown))
            .as(unknown)
            .isInstanceOfSatisfying(
                TransferException.class, e -> assertThat(e.code()).isEqualTo(Code.UNAVAILABLE));
      }
    }
  }

  @Test
  void fetch_unknown_isRefusedAndLeavesNothing() throws Exception {
    pushTree();
    try (AssetCache cache = open(options())) {
      for (String unknown : List.of("none", "tree:7", "tree:0.7", "tree[d/x]")) {
        assertThatThrownBy(() -> cache.fetch(unknown))
            .as(unknown)
            .isInstanceOfSatisfying(
                TransferException.class, e -> assertThat(e.code()).isEqualTo(Code.NOT_FOUND));
      }
      assertThatThrownBy(() -> cache.fetch("tree[")).isInstanceOf(IllegalArgumentException.class);
    }
    assertThat(kept("content")).isEmpty();
    assertThat(kept("refs")).isEmpty();
  }

  @Test
  void fetch_connectionCutAgainAndAgain_isEqual() throws Exception {
    String text = "0123456789".repeat(800_000);
    push("big", write("big.txt", text));
    proxy.cutEvery(1 << 20, 5);

    try (AssetCache cache = open(options());
        CachedAsset asset = cache.fetch("big")) {
      assertThat(Files.readString(asset.path())).isEqualTo(text);
    }
    assertThat(proxy.cuts()).isEqualTo(5);
  }

  @Test
  void fetch_equalContent_isKeptOnce() throws Exception {
    Path file = write("f.txt", "same");
    push("a", file);
    push("b", file);

    try (AssetCache cache = open(options());
        CachedAsset first = cache.fetch("a");
        CachedAsset second = cache.fetch("b")) {
      assertThat(second.path()).isEqualTo(first.path());
      assertThat(second.fromCache()).isTrue();
    }
  }

  @Test
  void fetch_boundReached_removesWhatWasNotUsedForLongest() throws Exception {
    for (String name : List.of("a", "b", "c", "d")) {
      pushBytes(name, 100);
    }
    try (AssetCache cache = open(options().withMaxBytes(300))) {
      cache.fetch("a").close();
      cache.fetch("b").close();
      cache.fetch("c").close();
      cache.fetch("a:0.0").close();

      cache.fetch("d").close();

      assertThat(keptBytes()).isEqualTo(300);
      assertThat(kept("refs")).hasSize(3);
      assertThat(isKept(cache, "a")).isTrue();
      assertThat(isKept(cache, "c")).isTrue();
      assertThat(isKept(cache, "b")).isFalse();
      assertThat(keptBytes()).isEqualTo(300);
    }
  }

  private static boolean isKept(AssetCache cache, String name) throws Exception {
    try (CachedAsset asset = cache.fetch(name)) {
      return asset.fromCache();
    }
  }

  @Test
  void fetch_boundReachedByWhatIsOpen_isRefusedUntilItIsClosed() throws Exception {
    for (String name : List.of("a", "b", "c")) {
      pushBytes(name, 100);
    }
    pushBytes("large", 201);
    try (AssetCache cache = open(options().withMaxBytes(200));
        AssetCache other = open(options().withMaxBytes(200))) {
      CachedAsset a = cache.fetch("a");
      CachedAsset b = other.fetch("b");

      assertThatThrownBy(() -> other.fetch("c")).isInstanceOf(AssetCacheFullException.class);
      assertThat(a.path()).exists();
      assertThat(b.path()).exists();
      a.close();
      other.fetch("c").close();
      assertThat(a.path()).doesNotExist();
      assertThat(b.path()).exists();
      b.close();
      assertThatThrownBy(() -> cache.fetch("large")).isInstanceOf(AssetCacheFullException.class);
    }
    assertThat(kept("partial")).isEmpty();
  }

  @Test
  void close_again_leavesWhatIsOpenToItsUsers() throws Exception {
    pushBytes("a", 100);
    pushBytes("b", 100);
    AssetCache cache = open(options().withMaxBytes(100));
    try (CachedAsset a = cache.fetch("a")) {
      cache.close();
      cache.close();

      try (AssetCache other = open(options().withMaxBytes(100))) {
        assertThatThrownBy(() -> other.fetch("b")).isInstanceOf(AssetCacheFullException.class);
        assertThat(a.path()).exists();
      }
    }
  }

  @Test
  void fetch_malformedPart_isRefusedAndHoldsNothing() throws Exception {
    pushTree();
    pushBytes("other", 6);
    try (AssetCache cache = open(options().withMaxBytes(6))) {
      cache.fetch("tree").close();
      for (String part : List.of("../x", "d/..", "/d", "d/", "d//e", ".", "a\\b", "a\0b")) {
        assertThatThrownBy(() -> cache.fetch("tree:0.0[" + part + ']'))
            .as(part)
            .isInstanceOf(IllegalArgumentException.class);
      }

      assertThat(isKept(cache, "other")).as("there was room for it").isFalse();
    }
  }

  @Test
  void fetch_filesOfOthersInTheFolder_areLeftAlone() throws Exception {
    pushBytes("a", 100);
    pushBytes("b", 100);
    try (AssetCache cache = open(options().withMaxBytes(100))) {
      cache.fetch("a").close();
      for (String kind : List.of("content", "partial", "refs")) {
        Files.writeString(folder.resolve("cache").resolve(kind).resolve(".DS_Store"), "x");
      }

      assertThat(isKept(cache, "b")).isFalse();

      for (String kind : List.of("content", "partial", "refs")) {
        assertThat(kept(kind)).contains(".DS_Store");
      }
      assertThat(kept("content")).hasSize(2);
    }
  }

  @Test
  void fetch_damagedFile_isFetchedAgainWhenVerified() throws Exception {
    pushTree();
    try (AssetCache cache = open(options().withVerify())) {
      Path path;
      try (CachedAsset asset = cache.fetch("tree:0.0")) {
        path = asset.path();
        assertThat(isKept(cache, "tree:0.0")).isTrue();
        Files.writeString(path.resolve("d/b.txt"), "XX");
        assertThatThrownBy(() -> cache.fetch("tree:0.0"))
            .isInstanceOf(IOException.class)
            .hasMessageContaining("in use");
      }
      try (CachedAsset asset = cache.fetch("tree:0.0")) {
        assertThat(asset.fromCache()).isFalse();
        assertThat(asset.path().resolve("d/b.txt")).hasContent("bb");
      }
      Files.delete(path.resolve("a.txt"));
      assertThat(isKept(cache, "tree")).isFalse();
      assertThat(isKept(cache, "tree")).isTrue();
    }
  }

  @Test
  void fetch_damagedRef_isAskedAnew() throws Exception {
    pushTree();
    try (AssetCache cache = open(options())) {
      cache.fetch("tree:0.0").close();
      Path ref = folder.resolve("cache/refs").resolve(kept("refs").get(0));
      byte[] bytes = Files.readAllBytes(ref);
      for (int length : new int[] {0, 1, 40, 70, bytes.length - 1}) {
        Files.write(ref, Arrays.copyOf(bytes, length));
        assertThat(isKept(cache, "tree:0.0")).isTrue();
        assertThat(Files.readAllBytes(ref)).isEqualTo(bytes);
      }
    }
  }

  @Test
  void fetch_override_isTheLocalPathWhateverTheVersion() throws Exception {
    pushTree();
    write("mine/d/b.txt", "mine");
    Map<String, Path> overrides =
        Map.of("tree", folder.resolve("local/mine"), "gone", folder.resolve("gone"));
    try (AssetCache cache = open(options().withOverrides(overrides))) {
      try (CachedAsset whole = cache.fetch("tree:9.9");
          CachedAsset part = cache.fetch("tree[d/b.txt]")) {
        assertThat(whole.path()).isEqualTo(folder.resolve("local/mine"));
        assertThat(whole.version()).isEmpty();
        assertThat(part.path()).hasContent("mine");
      }
      assertThatThrownBy(() -> cache.fetch("tree[x]")).isInstanceOf(NoSuchFileException.class);
      assertThatThrownBy(() -> cache.fetch("gone")).isInstanceOf(NoSuchFileException.class);
      assertThatThrownBy(() -> cache.fetch("tree[../tree/a.txt]"))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void fetch_manyThreadsAtOnce_fetchOnce() throws Exception {
    pushTree();
    ExecutorService pool = Executors.newFixedThreadPool(8);
    try (AssetCache cache = open(options());
        AssetCache other = open(options())) {
      List<Future<Boolean>> futures = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        AssetCache mine = i % 2 == 0 ? cache : other;
        futures.add(pool.submit(() -> isKept(mine, "tree")));
      }
      int fetched = 0;
      for (Future<Boolean> future : futures) {
        fetched += future.get() ? 0 : 1;
      }
      assertThat(fetched).isEqualTo(1);
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  void fetch_interrupted_leavesNothingAndHoldsNothing() throws Exception {
    pushBytes("a", 100);
    try (AssetCache cache = open(options())) {
      Thread.currentThread().interrupt();
      assertThatThrownBy(() -> cache.fetch("a")).isInstanceOf(InterruptedException.class);
      assertThat(Thread.interrupted()).isFalse();
      assertThatThrownBy(() -> cache.fetch("a", progress -> Thread.currentThread().interrupt()))
          .satisfiesAnyOf(
              e -> assertThat(e).isInstanceOf(InterruptedException.class),
              e -> assertThat(e).isInstanceOf(IOException.class));
      boolean unused = Thread.interrupted();

      assertThat(kept("partial")).isEmpty();
      assertThat(isKept(cache, "a")).isFalse();
    }
  }
}
