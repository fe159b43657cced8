package dev.slipway.serving.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.serving.catalog.CatalogVersion;
import dev.slipway.serving.catalog.VersionKey;
import dev.slipway.serving.model.ModelPool.KeepPolicy;
import dev.slipway.serving.model.ModelPool.Retry;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What is unloaded to make room. A version takes 40 bytes of 100 unless a test says otherwise. */
class MemoryBudgetTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private final MemoryBudget budget = new MemoryBudget(100);
  private final TestVersions versions = new TestVersions();
  private final Map<Long, Long> sizes = new HashMap<>();
  private final SteppingClock clock = new SteppingClock(START);
  private final ModelPool pool =
      new ModelPool(
          this::load, budget, new KeepPolicy(Duration.ofHours(1), 9, Duration.ofHours(1)), clock);

  /** By pipeline: its step. */
  private final Map<Long, Long> steps = new HashMap<>();

  private CompletableFuture<LoadedModel> load(CatalogVersion version, Need need) {
    Long step = steps.get(version.key().version());
    if (step != null) {
      return pool.hold(version(step), version.key(), need)
          .thenApply(
              held ->
                  versions.load(
                      version,
                      budget.reserve(version.key(), 10, need),
                      List.of(new LoadedStep("step", held))));
    }
    try {
      long bytes = sizes.getOrDefault(version.key().version(), 40L);
      return CompletableFuture.completedFuture(
          versions.load(version, budget.reserve(version.key(), bytes, need)));
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private static CatalogVersion version(long number) {
    return TestVersions.version(number, "digest-" + number);
  }

  private void load(long number, Need need) {
    pool.load(version(number), need, Retry.AT_ONCE).join();
  }

  private List<Long> loaded() {
    return pool.statuses().stream()
        .filter(status -> status.state() == ModelState.READY)
        .map(status -> status.key().version())
        .collect(Collectors.toList());
  }

  private void pin(Map<Long, Need> needs) {
    Map<VersionKey, Need> pinned = new HashMap<>();
    needs.forEach((number, need) -> pinned.put(version(number).key(), need));
    pool.pin("m", pinned);
  }

  @Test
  void roomIsMade_rollbackCopiesFirstThenTheLeastRecentlyUsed() {
    sizes.putAll(Map.of(1L, 30L, 2L, 30L, 3L, 30L, 5L, 30L));
    load(1, Need.REQUESTS);
    load(2, Need.REQUESTS);
    load(3, Need.PRODUCTION);
    pin(Map.of());
    assertThat(budget.usedBytes()).isEqualTo(90);

    load(4, Need.REQUESTS);
    assertThat(loaded()).containsExactly(1L, 2L, 4L);
    load(5, Need.REQUESTS);
    assertThat(loaded()).containsExactly(2L, 4L, 5L);
  }

  @Test
  void lastUse_decidesAmongThoseThatRequestsLoaded() {
    sizes.putAll(Map.of(1L, 20L, 3L, 50L));
    load(1, Need.REQUESTS);
    load(2, Need.REQUESTS);
    pool.load(version(1), Need.REQUESTS, Retry.RELOAD).join();
    assertThat(budget.usedBytes()).isEqualTo(60);

    load(3, Need.REQUESTS);

    assertThat(loaded()).containsExactly(1L, 3L);
  }

  @Test
  void staging_givesWayToProductionAloneAndSaysSo() {
    load(1, Need.STAGING);
    load(2, Need.STAGING);
    assertRefused(3, Need.REQUESTS, "40 bytes and does not fit beside the 80 bytes");
    assertRefused(3, Need.STAGING, "the budget is 100 bytes");
    assertThat(loaded()).containsExactly(1L, 2L);

    load(3, Need.PRODUCTION);

    assertThat(loaded()).containsExactly(2L, 3L);
    ModelStatus displaced = pool.status(version(1).key());
    assertThat(displaced.state()).isEqualTo(ModelState.FAILED);
    assertThat(displaced.failure().orElseThrow().cause())
        .isInstanceOf(MemoryBudgetExceededException.class)
        .hasMessageContaining("to make room for a version in Production");
    assertThat(versions.open).hasValue(2);
  }

  @Test
  void production_isNeverUnloadedAndNothingIsUnloadedInVain() {
    load(1, Need.PRODUCTION);
    load(2, Need.REQUESTS);
    sizes.put(3L, 70L);

    assertRefused(3, Need.PRODUCTION, "70 bytes and does not fit beside the 40 bytes");

    assertThat(loaded()).containsExactly(1L, 2L);
    sizes.put(3L, 60L);
    load(3, Need.PRODUCTION);
    assertThat(loaded()).containsExactly(1L, 3L);
  }

  @Test
  void largerThanExpected_makesRoomAgainOrIsRefusedAndKeepsItsShare() {
    load(1, Need.REQUESTS);
    load(2, Need.PRODUCTION);
    MemoryBudget.Reservation share = budget.reserve(version(9).key(), 10, Need.REQUESTS);

    share.resize(60);
    assertThat(loaded()).containsExactly(2L);
    assertThatThrownBy(() -> share.resize(61)).isInstanceOf(MemoryBudgetExceededException.class);

    assertThat(budget.usedBytes()).isEqualTo(100);
    share.release();
    share.release();
    assertThat(budget.usedBytes()).isEqualTo(40);
    pool.close();
    assertThat(budget.usedBytes()).isZero();
  }

  @Test
  void requestForAVersionThatProductionNeeds_makesRoomAsProductionDoes() {
    sizes.put(2L, 101L);
    assertRefused(2, Need.PRODUCTION, "101 bytes");
    sizes.put(2L, 70L);
    load(1, Need.STAGING);

    load(2, Need.REQUESTS);

    assertThat(loaded()).containsExactly(2L);
  }

  @Test
  void engineThatHangsWhenItIsClosed_leavesTheBudgetUsable() throws Exception {
    CountDownLatch closing = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    load(1, Need.REQUESTS);
    load(2, Need.PRODUCTION);
    versions.onClose =
        () -> {
          closing.countDown();
          try {
            goOn.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        };
    CompletableFuture<Void> load =
        CompletableFuture.runAsync(() -> load(3, Need.REQUESTS), thread());
    assertThat(closing.await(20, TimeUnit.SECONDS)).isTrue();

    try {
      CompletableFuture<Long> used = CompletableFuture.supplyAsync(budget::usedBytes, thread());
      assertThat(used.get(20, TimeUnit.SECONDS)).isEqualTo(80);
      assertThat(load).isNotDone();
    } finally {
      goOn.countDown();
    }

    load.get(20, TimeUnit.SECONDS);
    assertThat(loaded()).containsExactly(2L, 3L);
  }

  private static Executor thread() {
    return task -> new Thread(task).start();
  }

  @Test
  void versionInUse_isClosedWhenItsCallsEndAndCountsNoLonger() {
    load(1, Need.REQUESTS);
    load(2, Need.REQUESTS);
    ModelHandle held = pool.acquire(version(1)).orElseThrow();

    load(3, Need.REQUESTS);

    assertThat(budget.usedBytes()).isEqualTo(80);
    assertThat(versions.open).hasValue(3);
    held.close();
    assertThat(versions.open).hasValue(2);
  }

  private void assertRefused(long number, Need need, String message) {
    assertThatThrownBy(() -> load(number, need))
        .isInstanceOf(CompletionException.class)
        .hasCauseInstanceOf(MemoryBudgetExceededException.class)
        .hasMessageContaining(message);
  }

  @Test
  void stepOfAPipeline_goesWithThePipelineThatNeedsIt() {
    steps.put(2L, 1L);
    load(2, Need.REQUESTS);
    assertThat(loaded()).containsExactly(1L, 2L);
    assertThat(budget.usedBytes()).isEqualTo(50);

    sizes.put(3L, 70L);
    load(3, Need.REQUESTS);

    assertThat(loaded()).containsExactly(3L);
    assertThat(budget.usedBytes()).isEqualTo(70);
  }

  @Test
  void stepOfAPipelineInProduction_givesWayToNothing() {
    steps.put(2L, 1L);
    load(2, Need.PRODUCTION);
    sizes.put(3L, 60L);

    assertThatThrownBy(() -> load(3, Need.REQUESTS))
        .hasCauseInstanceOf(MemoryBudgetExceededException.class);
    assertThat(loaded()).containsExactly(1L, 2L);
  }

  @Test
  void sharedStep_staysUntilItsLastPipelineHasGone() {
    steps.putAll(Map.of(2L, 1L, 3L, 1L));
    load(2, Need.REQUESTS);
    load(3, Need.REQUESTS);
    assertThat(budget.usedBytes()).isEqualTo(60);

    pool.unload(version(1).key());
    assertThat(budget.usedBytes()).isEqualTo(60);
    pool.unload(version(2).key());
    assertThat(budget.usedBytes()).isEqualTo(50);
    pool.unload(version(3).key());

    assertThat(budget.usedBytes()).isZero();
    assertThat(versions.open.get()).isZero();
  }

  @Test
  void stepNeededByAPipeline_isKeptHoweverLongNobodyAsksForIt() {
    steps.put(2L, 1L);
    load(2, Need.PRODUCTION);
    clock.set(START.plus(Duration.ofDays(1)));

    pool.sweep();
    assertThat(loaded()).containsExactly(1L, 2L);
    pool.unload(version(2).key());
    pool.sweep();

    assertThat(loaded()).isEmpty();
  }
}
