package dev.slipway.benchmarks;

import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.predictor.PredictRequest;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.engine.predictor.Predictors;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Is the limit of all serving: an engine that predicts on all cores, with nothing around it. */
final class EngineLoop {
  private EngineLoop() {}

  /**
   * Returns how often the engine answers a request in a second.
   *
   * @param warmUp how long before it is measured
   */
  static double callsPerSecond(
      ModelPackage modelPackage, PredictRequest request, Duration warmUp, Duration measured)
      throws Exception {
    int threads = Runtime.getRuntime().availableProcessors();
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    try (Predictor predictor = Predictors.load(modelPackage)) {
      long unused = loop(predictor, request, threads, warmUp, executor);
      return loop(predictor, request, threads, measured, executor) * 1e9 / measured.toNanos();
    } finally {
      executor.shutdownNow();
    }
  }

  private static long loop(
      Predictor predictor,
      PredictRequest request,
      int threads,
      Duration duration,
      ExecutorService executor)
      throws Exception {
    long end = System.nanoTime() + duration.toNanos();
    List<Future<Long>> loops = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      loops.add(
          executor.submit(
              () -> {
                long count = 0;
                while (System.nanoTime() < end) {
                  predictor.predict(request);
                  count++;
                }
                return count;
              }));
    }
    long total = 0;
    for (Future<Long> loop : loops) {
      total += loop.get();
    }
    return total;
  }
}
