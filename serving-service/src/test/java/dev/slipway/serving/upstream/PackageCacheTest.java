package dev.slipway.serving.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.runtime.server.Channels;
import dev.slipway.runtime.server.StartupException;
import dev.slipway.serving.testing.FakeArtifacts;
import dev.slipway.serving.testing.ScriptedEngine;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessServerBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PackageCacheTest {
  @TempDir Path folder;

  private final FakeArtifacts artifacts = new FakeArtifacts();
  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private Server server;
  private ManagedChannel channel;
  private PackageCache cache;

  @BeforeEach
  void start() throws IOException {
    String name = UUID.randomUUID().toString();
    server = InProcessServerBuilder.forName(name).addService(artifacts).build().start();
    channel = Channels.inProcess(name);
    cache = open(folder.resolve("cache"));
  }

  private PackageCache open(Path folder) {
    return open(folder, Duration.ofSeconds(60));
  }

  private PackageCache open(Path folder, Duration longestSilence) {
    return new PackageCache(folder, new ArtifactClient(channel, timer, longestSilence));
  }

  @AfterEach
  void stop() {
    cache.close();
    timer.shutdownNow();
    channel.shutdownNow();
    server.shutdownNow();
  }

  private String put(double add) {
    return artifacts.put(ScriptedEngine.write(folder.resolve("package-" + add), add, "none"));
  }

  @Test
  void packages_lieInTheFolderByTheirDigest() {
    String digest = put(1);

    assertThat(cache.get(digest)).isEqualTo(folder.resolve("cache").resolve(digest));
    assertThat(folder.resolve("cache").resolve(digest).resolve("MLmodel")).isRegularFile();
  }

  @Test
  void folderThatAnotherUses_isOneLineAndFreeAfterItsClose() {
    Path used = folder.resolve("cache");

    assertThatThrownBy(() -> open(used))
        .isInstanceOf(StartupException.class)
        .hasMessage(
            "package cache "
                + used
                + " is in use by another slipway: stop it or choose another with"
                + " --serve-cache-dir");

    cache.close();
    cache = open(used);
    assertThat(cache.get(put(1))).isDirectory();
  }

  @Test
  void folderThatCannotBeMade_isOneLine() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));

    assertThatThrownBy(() -> open(file))
        .isInstanceOf(StartupException.class)
        .hasMessageContaining("choose another with --serve-cache-dir");
  }

  @Test
  void retain_deletesWhatIsNotNeededAndNothingElse() throws IOException {
    String needed = put(1);
    String old = put(2);
    Path kept = cache.get(needed);
    Path gone = cache.get(old);
    Path foreign = Files.createDirectory(folder.resolve("cache/of-someone-else"));

    cache.retain(needed::equals);

    assertThat(kept).isDirectory();
    assertThat(gone).doesNotExist();
    assertThat(foreign).isDirectory();
    assertThat(folder.resolve("cache/incoming")).isEmptyDirectory();
    assertThat(cache.get(old)).isDirectory();
  }

  @Test
  void retain_asksAgainBeforeItDeletes() {
    String digest = put(1);
    Path kept = cache.get(digest);
    AtomicInteger asked = new AtomicInteger();

    cache.retain(any -> asked.getAndIncrement() > 0);

    assertThat(kept).isDirectory();
  }

  @Test
  void downloadOfWhichNothingComesAnyMore_isGivenUp() {
    String digest = put(1);
    artifacts.stallNext.set(1);
    cache.close();
    try (PackageCache impatient = open(folder.resolve("cache"), Duration.ofSeconds(1))) {
      assertThatThrownBy(() -> impatient.get(digest))
          .isInstanceOf(PackageUnavailableException.class)
          .hasMessageContaining("came for 1 s");
    }

    cache = open(folder.resolve("cache"));
    assertThat(cache.get(digest)).isDirectory();
  }
}
