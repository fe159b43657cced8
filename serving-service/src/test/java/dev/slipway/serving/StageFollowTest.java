package dev.slipway.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.inference.GRPCInferenceServiceGrpc;
import dev.slipway.inference.ModelInferResponse;
import dev.slipway.inference.ServerReadyRequest;
import dev.slipway.registry.v1.Stage;
import dev.slipway.serving.model.ModelPool.KeepPolicy;
import dev.slipway.serving.testing.ScriptedEngine;
import dev.slipway.serving.testing.ServingHarness;
import dev.slipway.serving.v1.DescribeModelRequest;
import dev.slipway.serving.v1.ListModelsRequest;
import dev.slipway.serving.v1.ListModelsResponse;
import dev.slipway.serving.v1.Residence;
import dev.slipway.serving.v1.ServedVersion;
import dev.slipway.serving.v1.UnloadRequest;
import dev.slipway.serving.v1.VersionSelector;
import dev.slipway.serving.v1.VersionState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How the server follows stages while it is being asked. */
class StageFollowTest {
  @TempDir Path folder;

  private ServingHarness harness;

  @BeforeEach
  void start() {
    harness = new ServingHarness(folder);
  }

  @AfterEach
  void stop() {
    harness.close();
    ScriptedEngine.HOOKS.clear();
    ScriptedEngine.LOAD_HOOKS.clear();
    ScriptedEngine.CLOSE_HOOKS.clear();
  }

  private ServedVersion version(String model, long version) {
    return harness
        .serving()
        .describeModel(
            DescribeModelRequest.newBuilder()
                .setModel(model)
                .setSelector(VersionSelector.newBuilder().setVersion(version))
                .build())
        .getVersion();
  }

  /**
   * Asks Production without pause from several threads; every answer must be there and be the
   * version's own.
   */
  private final class Load {
    private final ExecutorService callers = Executors.newFixedThreadPool(4);
    private final AtomicBoolean stopped = new AtomicBoolean();
    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private final AtomicLong answers = new AtomicLong();
    private final List<Future<?>> running = new ArrayList<>();

    Load(String model) {
      for (int i = 0; i < 4; i++) {
        running.add(callers.submit(() -> ask(model)));
      }
    }

    private void ask(String model) {
      long last = 0;
      while (!stopped.get()) {
        try {
          ModelInferResponse response =
              harness.inference().modelInfer(ServingHarness.ask(model, "", 1f));
          long version = Long.parseLong(response.getModelVersion());
          assertThat(ServingHarness.y(response)).isEqualTo(1f + 10 * ((version - 1) % 5));
          last = Math.max(last, version);
          answers.incrementAndGet();
        } catch (RuntimeException | AssertionError e) {
          failures.add(e);
        }
      }
    }

    void stopAndCheck() throws Exception {
      stopped.set(true);
      for (Future<?> caller : running) {
        caller.get(20, TimeUnit.SECONDS);
      }
      callers.shutdownNow();
      assertThat(failures).isEmpty();
      assertThat(answers.get()).isGreaterThan(100);
    }
  }

  /** Starts anew with a server that keeps nothing that no stage points to. */
  private void keepNothing() {
    harness.close();
    harness =
        new ServingHarness(
            folder.resolve("keep-nothing"),
            config ->
                new ServingConfig(
                    config.cacheFolder(),
                    config.followed(),
                    config.limits(),
                    new KeepPolicy(Duration.ZERO, 0, Duration.ZERO),
                    config.loads(),
                    config.idleBufferBytes(),
                    config.cacheBytes(),
                    config.python()));
  }

  @Test
  void promotionsAndRollbacksUnderLoad_failNoCallAndCloseNothingInUse() throws Exception {
    keepNothing();
    int openBefore = ScriptedEngine.OPEN.get();
    int usedBefore = ScriptedEngine.USED_AFTER_CLOSE.get();
    int closedBefore = ScriptedEngine.CLOSED.get();
    harness.addScripted("m", 0, "none", Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 1);
    AtomicBoolean over = new AtomicBoolean();
    ExecutorService sweeper = Executors.newSingleThreadExecutor();
    Future<?> sweeping =
        sweeper.submit(
            () -> {
              while (!over.get()) {
                harness.sweep();
              }
            });

    Load load = new Load("m");
    try {
      for (int version = 2; version <= 10; version++) {
        harness.addScripted("m", 10 * ((version - 1) % 5), "none", Stage.STAGE_PRODUCTION);
        harness.awaitProduction("m", version);
      }
      for (long version : List.of(9L, 8L, 10L)) {
        // It comes back after it was closed, and not while it drains.
        ServingHarness.await(() -> ScriptedEngine.OPEN.get() == openBefore + 1);
        harness.registry.move("m", version, Stage.STAGE_PRODUCTION);
        harness.awaitProduction("m", version);
      }
    } finally {
      load.stopAndCheck();
      over.set(true);
      sweeping.get(20, TimeUnit.SECONDS);
      sweeper.shutdownNow();
    }

    assertThat(ScriptedEngine.USED_AFTER_CLOSE.get()).isEqualTo(usedBefore);
    harness.sweep();
    ServingHarness.await(() -> ScriptedEngine.OPEN.get() == openBefore + 1);
    // Nine that were replaced, and one more for each that came back.
    assertThat(ScriptedEngine.CLOSED.get() - closedBefore).isGreaterThanOrEqualTo(12);
  }

  @Test
  void callInsideTheEngine_keepsItsVersionOpenAfterItWasLetGo() throws Exception {
    keepNothing();
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    harness.addScripted("m", 10, "held", Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 1);
    int usedBefore = ScriptedEngine.USED_AFTER_CLOSE.get();
    int openBefore = ScriptedEngine.OPEN.get();
    ScriptedEngine.HOOKS.put(
        "held",
        request -> {
          if (request.inputs().get(0).toFloats()[0] != 77f) {
            return request;
          }
          inside.countDown();
          try {
            goOn.await(20, TimeUnit.SECONDS);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          return request;
        });
    Future<ModelInferResponse> held =
        GRPCInferenceServiceGrpc.newFutureStub(harness.channel())
            .withDeadlineAfter(20, TimeUnit.SECONDS)
            .modelInfer(ServingHarness.ask("m", "", 77f));
    assertThat(inside.await(20, TimeUnit.SECONDS)).isTrue();

    harness.addScripted("m", 20, "none", Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 2);
    ServingHarness.await(
        () -> {
          harness.sweep();
          return version("m", 1).getState() == VersionState.VERSION_STATE_UNLOADING;
        });

    assertThat(ScriptedEngine.OPEN.get()).isEqualTo(openBefore + 1);
    goOn.countDown();
    assertThat(ServingHarness.y(held.get(20, TimeUnit.SECONDS))).isEqualTo(87f);
    ServingHarness.await(() -> ScriptedEngine.OPEN.get() == openBefore);
    assertThat(ScriptedEngine.USED_AFTER_CLOSE.get()).isEqualTo(usedBefore);
  }

  @Test
  void modelDeletedAndCreatedAnewDuringItsLoad_leavesOneCopyOpen() throws Exception {
    int openBefore = ScriptedEngine.OPEN.get();
    int closedBefore = ScriptedEngine.CLOSED.get();
    CountDownLatch loading = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    ScriptedEngine.LOAD_HOOKS.put(
        "blocked",
        () -> {
          loading.countDown();
          try {
            goOn.await(20, TimeUnit.SECONDS);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    harness.addScripted("m", 0, "blocked", Stage.STAGE_PRODUCTION);
    assertThat(loading.await(20, TimeUnit.SECONDS)).isTrue();

    harness.registry.deleteModel("m");
    harness.addScripted("m", 40, "none", Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 1);
    goOn.countDown();

    ServingHarness.await(() -> ScriptedEngine.CLOSED.get() == closedBefore + 1);
    assertThat(ScriptedEngine.OPEN.get()).isEqualTo(openBefore + 1);
    assertThat(ServingHarness.y(harness.inference().modelInfer(ServingHarness.ask("m", "", 1f))))
        .isEqualTo(41f);
    harness.close();
    assertThat(ScriptedEngine.OPEN.get()).isEqualTo(openBefore);
  }

  @Test
  void answeringVersionTakenOut_serverIsNotReadyUntilItIsBack() {
    harness.addScripted("m", 0, "none", Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 1);
    assertThat(serverReady()).isTrue();

    harness.serving().unload(UnloadRequest.newBuilder().setModel("m").setForce(true).build());
    assertThat(serverReady()).isFalse();

    harness.awaitProduction("m", 1);
    assertThat(serverReady()).isTrue();
    assertThat(version("m", 1).getResidence()).isEqualTo(Residence.RESIDENCE_PINNED);
  }

  private boolean serverReady() {
    return harness.inference().serverReady(ServerReadyRequest.getDefaultInstance()).getReady();
  }

  @Test
  void rollback_isAnsweredFromMemoryWithoutFetchingOrLoading() {
    harness.addScripted("m", 0, "slow", Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 1);
    harness.addScripted("m", 10, "slow", Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 2);
    // The pointer switches a moment before the old version becomes the copy for a rollback.
    ServingHarness.await(() -> version("m", 1).getResidence() == Residence.RESIDENCE_ROLLBACK);
    AtomicInteger loads = new AtomicInteger();
    ScriptedEngine.LOAD_HOOKS.put("slow", loads::incrementAndGet);

    harness.registry.move("m", 1, Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 1);

    assertThat(loads).hasValue(0);
  }

  @Test
  void promotion_oldVersionAnswersUntilTheNewOneIsLoaded() throws Exception {
    harness.addScripted("m", 0, "none", Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 1);
    CountDownLatch loading = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    ScriptedEngine.LOAD_HOOKS.put(
        "blocked",
        () -> {
          loading.countDown();
          try {
            goOn.await(20, TimeUnit.SECONDS);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    harness.addScripted("m", 10, "blocked", Stage.STAGE_PRODUCTION);
    assertThat(loading.await(20, TimeUnit.SECONDS)).isTrue();

    assertThat(harness.inference().modelInfer(ServingHarness.ask("m", "", 1f)).getModelVersion())
        .isEqualTo("1");
    assertThat(version("m", 2).getState()).isEqualTo(VersionState.VERSION_STATE_LOADING);
    goOn.countDown();
    harness.awaitProduction("m", 2);
  }

  @Test
  void promotion_newVersionMissesItsGoldenRequest_oldOneKeepsAnsweringAndTheFailureShows() {
    harness.addScripted("m", 0, "none", Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 1);

    Path wrong = ScriptedEngine.write(folder.resolve("wrong"), 10, "none", 11);
    long bad = harness.registry.add("m", harness.artifacts.put(wrong), Stage.STAGE_PRODUCTION);
    ServingHarness.await(() -> version("m", bad).getState() == VersionState.VERSION_STATE_FAILED);

    assertThat(harness.inference().modelInfer(ServingHarness.ask("m", "", 1f)).getModelVersion())
        .isEqualTo("1");
    assertThat(version("m", bad).getLastError().getMessage()).contains("golden request \"one\"");
    assertThat(version("m", 1).getAnswersStage()).isTrue();
    assertThatThrownBy(
            () -> harness.inference().modelInfer(ServingHarness.ask("m", Long.toString(bad), 1f)))
        .hasMessageContaining("FAILED_PRECONDITION")
        .hasMessageContaining("golden request");
    harness.addScripted("m", 20, "none", Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 3);
  }

  @Test
  void promotion_packageCannotBeFetched_isTriedAgainUntilItCan() {
    harness.addScripted("m", 0, "none", Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 1);
    harness.artifacts.away = true;
    harness.addScripted("m", 10, "none", Stage.STAGE_PRODUCTION);
    ServingHarness.await(() -> version("m", 2).hasLastError());

    assertThat(harness.inference().modelInfer(ServingHarness.ask("m", "", 1f)).getModelVersion())
        .isEqualTo("1");
    harness.artifacts.away = false;
    harness.awaitProduction("m", 2);
  }

  @Test
  void stageEmptied_isFailedPreconditionAndDeletedVersionsAreNotFound() {
    harness.addScripted("m", 0, "none", Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 1);

    harness.registry.move("m", 1, Stage.STAGE_ARCHIVED);
    ServingHarness.await(() -> refusal("m", "").contains("FAILED_PRECONDITION"));
    harness.registry.delete("m", 1);
    ServingHarness.await(() -> refusal("m", "1").contains("NOT_FOUND"));
    harness.registry.deleteModel("m");
    ServingHarness.await(() -> refusal("m", "").contains("there is no model m"));
  }

  private String refusal(String model, String slot) {
    try {
      harness.inference().modelInfer(ServingHarness.ask(model, slot, 1f));
      return "";
    } catch (io.grpc.StatusRuntimeException e) {
      return e.getMessage();
    }
  }

  @Test
  void modelDeletedAndCreatedAnew_isAnsweredByItsNewPackage() {
    harness.addScripted("m", 0, "none", Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 1);
    harness.registry.deleteModel("m");
    harness.addScripted("m", 40, "none", Stage.STAGE_PRODUCTION);

    ServingHarness.await(
        () -> {
          try {
            return ServingHarness.y(harness.inference().modelInfer(ServingHarness.ask("m", "", 1f)))
                == 41f;
          } catch (io.grpc.StatusRuntimeException e) {
            return false;
          }
        });
  }

  @Test
  void registryCut_lastKnownStateKeepsServingAndChangesAreCaughtUpFromTheRevision() {
    harness.addScripted("m", 0, "none", Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 1);
    long known = harness.registry.revision();

    harness.registry.cut();
    ServingHarness.await(() -> !models().getRegistryConnected());
    assertThat(harness.inference().modelInfer(ServingHarness.ask("m", "", 1f)).getModelVersion())
        .isEqualTo("1");
    harness.addScripted("m", 10, "none", Stage.STAGE_PRODUCTION);
    harness.registry.restore();

    harness.awaitProduction("m", 2);
    assertThat(harness.registry.resumes()).startsWith(0L).endsWith(known);
    assertThat(models().getRegistryConnected()).isTrue();
  }

  private ListModelsResponse models() {
    return harness.serving().listModels(ListModelsRequest.getDefaultInstance());
  }

  @Test
  void lazyVersion_isLoadedOnceForAllWhoAsk() throws Exception {
    AtomicInteger loads = new AtomicInteger();
    ScriptedEngine.LOAD_HOOKS.put("counted", loads::incrementAndGet);
    harness.addScripted("m", 10, "counted", Stage.STAGE_NONE);
    harness.awaitRevision();
    ExecutorService callers = Executors.newFixedThreadPool(16);

    List<Future<ModelInferResponse>> answers = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      answers.add(
          callers.submit(() -> harness.inference().modelInfer(ServingHarness.ask("m", "1", 1f))));
    }

    for (Future<ModelInferResponse> answer : answers) {
      assertThat(ServingHarness.y(answer.get(20, TimeUnit.SECONDS))).isEqualTo(11f);
    }
    callers.shutdownNow();
    assertThat(loads).hasValue(1);
  }

  @Test
  void corruptDownload_isFetchedAgainAndDamagedCacheIsReplaced() throws IOException {
    harness.artifacts.corruptNext.set(1);
    harness.addScripted("m", 0, "none", Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 1);

    String digest = version("m", 1).getPackageDigest();
    Path cached = folder.resolve("cache").resolve(digest).resolve("weights.bin");
    byte[] good = Files.readAllBytes(cached);
    Files.write(cached, new byte[] {9});
    harness
        .serving()
        .load(
            dev.slipway.serving.v1.LoadRequest.newBuilder().setModel("m").setReload(true).build());

    assertThat(Files.readAllBytes(cached)).isEqualTo(good);
    try (Stream<Path> left = Files.list(folder.resolve("cache/incoming"))) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void downloadThatStaysCorrupt_isARefusalThatSaysSo() {
    harness.artifacts.corruptNext.set(1000);
    harness.addScripted("m", 0, "none", Stage.STAGE_PRODUCTION);

    ServingHarness.await(() -> refusal("m", "").contains("other bytes than its digest says"));
  }

  @Test
  void rollbackCopies_areLetGoAfterTheirTime() {
    harness.close();
    harness =
        new ServingHarness(
            folder.resolve("short"),
            config ->
                new ServingConfig(
                    config.cacheFolder(),
                    config.followed(),
                    config.limits(),
                    new KeepPolicy(Duration.ofMillis(1), 1, Duration.ofMillis(1)),
                    config.loads(),
                    0,
                    config.cacheBytes(),
                    config.python()));
    harness.addScripted("m", 0, "none", Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 1);
    harness.addScripted("m", 10, "none", Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 2);

    ServingHarness.await(() -> version("m", 1).getState() == VersionState.VERSION_STATE_AVAILABLE);

    assertThat(version("m", 2).getState()).isEqualTo(VersionState.VERSION_STATE_READY);
  }

  @Test
  void packageThatNoVersionNeedsAnyMore_isDeletedFromTheCache() {
    harness.addScripted("m", 0, "none", Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 1);
    harness.addScripted("m", 10, "none", Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 2);
    Path cache = folder.resolve("cache");
    Path first = cache.resolve(version("m", 1).getPackageDigest());
    Path second = cache.resolve(version("m", 2).getPackageDigest());
    harness.sweep();
    assertThat(first).isDirectory();

    harness.registry.delete("m", 1);
    ServingHarness.await(
        () -> {
          harness.sweep();
          return !Files.exists(first);
        });

    assertThat(second).isDirectory();
  }

  @Test
  void engineThatClosesSlowly_holdsUpNoOtherModel() throws Exception {
    CountDownLatch loading = new CountDownLatch(1);
    CountDownLatch mayLoad = new CountDownLatch(1);
    CountDownLatch closing = new CountDownLatch(1);
    CountDownLatch mayClose = new CountDownLatch(1);
    ScriptedEngine.LOAD_HOOKS.put("other", () -> signalAndAwait(loading, mayLoad));
    harness.addScripted("m", 1, "slow", Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 1);
    harness.addScripted("n", 1, "", Stage.STAGE_PRODUCTION);
    harness.awaitProduction("n", 1);
    harness.addScripted("n", 2, "other", Stage.STAGE_PRODUCTION);
    assertThat(loading.await(60, TimeUnit.SECONDS)).isTrue();
    ScriptedEngine.CLOSE_HOOKS.put("slow", () -> signalAndAwait(closing, mayClose));
    try {
      harness.registry.deleteModel("m");
      assertThat(closing.await(60, TimeUnit.SECONDS)).isTrue();

      mayLoad.countDown();

      harness.awaitProduction("n", 2);
    } finally {
      mayLoad.countDown();
      mayClose.countDown();
    }
  }

  private static void signalAndAwait(CountDownLatch signal, CountDownLatch gate) {
    signal.countDown();
    try {
      if (!gate.await(120, TimeUnit.SECONDS)) {
        throw new IllegalStateException("waited in vain");
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
