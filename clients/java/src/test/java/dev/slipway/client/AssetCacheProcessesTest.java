package dev.slipway.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.artifact.ArtifactConfig;
import dev.slipway.artifact.ArtifactModule;
import dev.slipway.artifact.v1.PushAssetRequest;
import dev.slipway.runtime.testing.GrpcServerExtension;
import dev.slipway.runtime.testing.TestDatabases;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Lets several processes use one folder at a time. */
class AssetCacheProcessesTest {
  private static final int SIZE = 40_000;

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

  private SlipwayClient client;
  private String address;
  private Path cacheFolder;

  @BeforeEach
  void connect() {
    address = "127.0.0.1:" + server.server().port();
    client = SlipwayClient.connect(address);
    cacheFolder = folder.resolve("cache");
  }

  @AfterEach
  void disconnect() {
    client.close();
  }

  private void push(String name) throws Exception {
    Path file = folder.resolve(name + ".txt");
    Files.writeString(file, name.repeat(SIZE / name.length()));
    client
        .assetUploads()
        .push(file, PushAssetRequest.newBuilder().setName(name).build(), TransferListener.NONE);
  }

  private AssetCache open(long maxBytes) throws IOException {
    return client.assetCache(AssetCacheOptions.of(cacheFolder).withMaxBytes(maxBytes));
  }

  private CacheUser user(long maxBytes, String... what) throws IOException {
    List<String> arguments =
        new ArrayList<>(List.of(address, cacheFolder.toString(), Long.toString(maxBytes)));
    arguments.addAll(List.of(what));
    return CacheUser.start(arguments.toArray(String[]::new));
  }

  private long count(String kind) throws IOException {
    try (Stream<Path> paths = Files.list(cacheFolder.resolve(kind))) {
      return paths.count();
    }
  }

  @Test
  void churn_threeProcessesOnACacheThatIsTooSmall_alwaysSeeWholeFiles() throws Exception {
    int count = 8;
    for (int i = 0; i < count; i++) {
      push("a" + i);
    }
    // Room for one of each process, and one more.
    long bound = 4 * SIZE;
    List<CacheUser> users = new ArrayList<>();
    for (int i = 1; i <= 3; i++) {
      users.add(user(bound, "churn", Integer.toString(i), "150", Integer.toString(count)));
    }

    for (CacheUser user : users) {
      String fetched = user.hear();
      assertThat(fetched).as("how often it fetched").isNotNull();
      assertThat(Integer.parseInt(fetched)).isBetween(1, 149);
      assertThat(user.await()).isZero();
    }
    assertThat(count("content")).isLessThanOrEqualTo(4);
    assertThat(count("partial")).isZero();
    assertThat(count("refs")).isLessThanOrEqualTo(count);
  }

  @Test
  void hold_anotherProcess_keepsItUntilItDies() throws Exception {
    push("held");
    push("wanted");
    try (CacheUser user = user(SIZE, "hold", "held");
        AssetCache cache = open(SIZE)) {
      Path held = Path.of(user.hear());

      assertThatThrownBy(() -> cache.fetch("wanted")).isInstanceOf(AssetCacheFullException.class);
      assertThat(held).exists();
      user.kill();
      cache.fetch("wanted").close();
      assertThat(held).doesNotExist();
    }
  }

  @Test
  void kill_inTheMiddleOfFetching_leavesRoomAndTheAssetToOthers() throws Exception {
    push("a");
    push("b");
    try (CacheUser user = user(SIZE, "stall", "a");
        AssetCache cache = open(SIZE)) {
      assertThat(user.hear()).isEqualTo("fetching");
      assertThat(count("partial")).isEqualTo(1);
      // What is being fetched counts.
      assertThatThrownBy(() -> cache.fetch("b")).isInstanceOf(AssetCacheFullException.class);
      user.kill();

      try (CachedAsset asset = cache.fetch("a")) {
        assertThat(asset.fromCache()).isFalse();
        assertThat(asset.path()).hasSize(SIZE);
      }
      assertThat(count("partial")).isZero();
    }
  }

  @Test
  void fetch_whatAnotherProcessIsFetching_takesOverWhenThatDies() throws Exception {
    push("a");
    try (CacheUser first = user(SIZE, "stall", "a")) {
      assertThat(first.hear()).isEqualTo("fetching");
      try (CacheUser second = user(SIZE, "hold", "a");
          CacheUser third = user(SIZE, "hold", "a")) {
        first.kill();

        assertThat(Path.of(second.hear())).hasSize(SIZE);
        assertThat(Path.of(third.hear())).hasSize(SIZE);
      }
    }
  }
}
