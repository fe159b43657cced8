package dev.slipway.serving.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.engine.tensor.Tensor;
import dev.slipway.runtime.error.Violations;
import dev.slipway.runtime.server.Channels;
import dev.slipway.serving.cache.PredictionCache;
import dev.slipway.serving.cache.SharedAnswers;
import dev.slipway.serving.catalog.Catalog;
import dev.slipway.serving.catalog.CatalogModel;
import dev.slipway.serving.catalog.CatalogVersion;
import dev.slipway.serving.catalog.Selector;
import dev.slipway.serving.execution.Execution;
import dev.slipway.serving.execution.QueueLimits;
import dev.slipway.serving.inference.Computations;
import dev.slipway.serving.inference.InferenceRequest;
import dev.slipway.serving.inference.InferenceResult;
import dev.slipway.serving.inference.InferenceService;
import dev.slipway.serving.model.ModelPool.KeepPolicy;
import dev.slipway.serving.model.ModelPool.Retry;
import dev.slipway.serving.traffic.TrafficMeters;
import dev.slipway.serving.upstream.CatalogCatchUp;
import io.grpc.ManagedChannel;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** That a version is let go of whatever happens to the request that held it. */
class HandleReleaseTest {
  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private final ManagedChannel nobody = Channels.inProcess("nobody");
  private final TestVersions versions = new TestVersions();
  private final CatalogVersion version = TestVersions.version(1, "a");
  private final ModelPool pool =
      new ModelPool(
          (wanted, need) -> CompletableFuture.completedFuture(versions.load(wanted)),
          new MemoryBudget(MemoryBudget.UNLIMITED),
          new KeepPolicy(Duration.ofMinutes(1), 1, Duration.ofMinutes(1)),
          Clock.systemUTC());

  @AfterEach
  void stop() {
    timer.shutdownNow();
    nobody.shutdownNow();
  }

  private RuntimeException failureOf(InferenceRequest.InputSource inputs) throws Exception {
    Catalog catalog = new Catalog();
    catalog.reset(1, List.of(CatalogModel.of("m", List.of(version))));
    SettingsInForce settings =
        new SettingsInForce(catalog, new QueueLimits(1, 1, 1), Duration.ZERO);
    InferenceService inference =
        new InferenceService(
            new StageRouter(
                catalog,
                pool,
                new RulesInForce(catalog, Clock.systemUTC()),
                (name, stage) -> false,
                timer),
            pool,
            new CatalogCatchUp(nobody, catalog, () -> false, Runnable::run),
            settings,
            new Computations(
                settings, new PredictionCache(0), SharedAnswers.NONE, Clock.systemUTC()),
            Runnable::run,
            new TrafficMeters(System::nanoTime),
            new InferenceService.Background(() -> false, Runnable::run, timer));
    CompletableFuture<RuntimeException> told = new CompletableFuture<>();
    inference.predict(
        new InferenceRequest(
            "m",
            new Selector.Numbered(1),
            inputs,
            List.of(),
            Map.of(),
            false,
            Optional.empty(),
            "",
            Execution.NO_DEADLINE,
            () -> false),
        new InferenceService.Receiver() {
          @Override
          public void answered(InferenceResult result) {
            told.completeExceptionally(new AssertionError("answered"));
          }

          @Override
          public void failed(RuntimeException failure) {
            told.complete(failure);
          }
        });
    return told.get(10, TimeUnit.SECONDS);
  }

  private static InferenceRequest.InputSource failing() {
    return new InferenceRequest.InputSource() {
      @Override
      public List<Tensor> read(LoadedModel model, Violations violations) {
        throw new StackOverflowError();
      }

      @Override
      public String field() {
        return "inputs";
      }

      @Override
      public long sizeBytes() {
        return 0;
      }
    };
  }

  @Test
  void errorBeforeTheQueue_isToldAndLetsGoOfALoadedVersion() throws Exception {
    pool.load(version, Need.REQUESTS, Retry.AT_ONCE).get(10, TimeUnit.SECONDS);

    assertThat(failureOf(failing())).hasRootCauseInstanceOf(StackOverflowError.class);

    pool.unload(version.key());
    assertThat(versions.open).hasValue(0);
  }

  @Test
  void errorBeforeTheQueue_isToldAndLetsGoOfAVersionThatWasWaitedFor() throws Exception {
    assertThat(failureOf(failing())).hasRootCauseInstanceOf(StackOverflowError.class);

    pool.unload(version.key());
    assertThat(versions.open).hasValue(0);
  }
}
