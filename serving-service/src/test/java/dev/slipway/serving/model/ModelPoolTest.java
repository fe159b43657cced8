package dev.slipway.serving.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.serving.catalog.CatalogVersion;
import dev.slipway.serving.model.ModelPool.KeepPolicy;
import dev.slipway.serving.model.ModelPool.Retry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ModelPoolTest {
  private static final KeepPolicy KEEP =
      new KeepPolicy(Duration.ofMinutes(1), 1, Duration.ofMinutes(1));

  private final ExecutorService loads = Executors.newFixedThreadPool(2);
  private final TestVersions versions = new TestVersions();
  private final SteppingClock clock = new SteppingClock(Instant.EPOCH);
  private final CountDownLatch loading = new CountDownLatch(1);
  private final CountDownLatch goOn = new CountDownLatch(1);

  @AfterEach
  void stop() {
    goOn.countDown();
    loads.shutdownNow();
  }

  private ModelPool pool() {
    return pool(versions::load);
  }

  private ModelPool pool(Function<CatalogVersion, LoadedModel> loader) {
    return new ModelPool(
        (version, need) -> CompletableFuture.supplyAsync(() -> loader.apply(version), loads),
        new MemoryBudget(MemoryBudget.UNLIMITED),
        KEEP,
        clock);
  }

  /** The first load is held until the test lets it go on. */
  private ModelPool heldPool() {
    return pool(
        version -> {
          if (loading.getCount() > 0) {
            loading.countDown();
            try {
              goOn.await(10, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          }
          return versions.load(version);
        });
  }

  @Test
  void unloadDuringALoad_failsTheLoadAndKeepsNothing() throws Exception {
    ModelPool pool = heldPool();
    CatalogVersion version = TestVersions.version(1, "a");
    CompletableFuture<Void> load = pool.load(version, Need.REQUESTS, Retry.AT_ONCE);
    assertThat(loading.await(10, TimeUnit.SECONDS)).isTrue();

    assertThat(pool.unload(version.key())).isFalse();
    goOn.countDown();

    assertThatThrownBy(() -> load.get(10, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(ModelUnloadedException.class);
    assertThat(versions.open).hasValue(0);
    assertThat(pool.statuses()).isEmpty();
  }

  @Test
  void deletedAndCreatedAnewDuringALoad_keepsTheNewOneAlone() throws Exception {
    ModelPool pool = heldPool();
    CompletableFuture<Void> old =
        pool.load(TestVersions.version(1, "a"), Need.PRODUCTION, Retry.AT_ONCE);
    assertThat(loading.await(10, TimeUnit.SECONDS)).isTrue();

    CatalogVersion anew = TestVersions.version(1, "b");
    pool.load(anew, Need.PRODUCTION, Retry.AT_ONCE).get(10, TimeUnit.SECONDS);
    goOn.countDown();

    assertThatThrownBy(() -> old.get(10, TimeUnit.SECONDS))
        .hasCauseInstanceOf(ModelUnloadedException.class);
    assertThat(versions.open).hasValue(1);
    assertThat(pool.isReady(anew)).isTrue();
    pool.close();
    assertThat(versions.open).hasValue(0);
  }

  @Test
  void loadsAndUnloadsAtTheSameTime_leakNothing() throws Exception {
    ModelPool pool = pool();
    CatalogVersion version = TestVersions.version(1, "a");
    ExecutorService unloader = Executors.newSingleThreadExecutor();
    CyclicBarrier together = new CyclicBarrier(2);
    int rounds = 5_000;
    Future<?> unloading =
        unloader.submit(
            () -> {
              for (int i = 0; i < rounds; i++) {
                together.await(10, TimeUnit.SECONDS);
                for (int spin = i % 64; spin >= 0; spin--) {
                  pool.unload(version.key());
                }
              }
              return null;
            });
    List<CompletableFuture<Void>> all = new ArrayList<>();
    for (int i = 0; i < rounds; i++) {
      together.await(10, TimeUnit.SECONDS);
      all.add(pool.load(version, Need.REQUESTS, Retry.AT_ONCE));
    }
    unloading.get(20, TimeUnit.SECONDS);
    for (CompletableFuture<Void> load : all) {
      load.handle((done, failure) -> true).get(10, TimeUnit.SECONDS);
    }
    unloader.shutdownNow();

    pool.close();

    assertThat(versions.open).hasValue(0);
  }

  @Test
  void sweep_keepsTheNewestCopyForARollbackAndWhatIsPinned() throws Exception {
    ModelPool pool = pool();
    CatalogVersion first = TestVersions.version(1, "a");
    CatalogVersion second = TestVersions.version(2, "b");
    CatalogVersion third = TestVersions.version(3, "c");
    for (CatalogVersion version : List.of(first, second, third)) {
      pool.load(version, Need.PRODUCTION, Retry.AT_ONCE).get(10, TimeUnit.SECONDS);
      pool.pin("m", Map.of(version.key(), Need.PRODUCTION));
    }

    pool.sweep();

    assertThat(pool.isReady(first)).isFalse();
    assertThat(pool.isReady(second)).isTrue();
    assertThat(pool.isReady(third)).isTrue();
    assertThat(versions.open).hasValue(2);
  }

  @Test
  void loaded_isToldBeforeThoseWhoWaitAndOnlyWhenItWentWell() throws Exception {
    ModelPool pool =
        pool(
            version -> {
              if (version.key().version() == 2) {
                throw new ModelLoadFailedException(version.key(), "it is bad");
              }
              return versions.load(version);
            });
    List<String> told = new ArrayList<>();
    pool.onLoaded(told::add);

    pool.load(TestVersions.version(1, "a"), Need.REQUESTS, Retry.AT_ONCE).get(10, TimeUnit.SECONDS);
    pool.load(TestVersions.version(1, "a"), Need.REQUESTS, Retry.AT_ONCE).get(10, TimeUnit.SECONDS);
    assertThatThrownBy(
            () ->
                pool.load(TestVersions.version(2, "b"), Need.REQUESTS, Retry.AT_ONCE)
                    .get(10, TimeUnit.SECONDS))
        .hasCauseInstanceOf(ModelLoadFailedException.class);

    assertThat(told).containsExactly("m");
  }
}
