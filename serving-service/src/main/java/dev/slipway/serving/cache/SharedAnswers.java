package dev.slipway.serving.cache;

import dev.slipway.engine.tensor.Tensor;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Answers that servers share with each other, behind the {@link PredictionCache} that each has of
 * its own. It helps or it does not, but never fails a request. Thread-safe; nothing blocks.
 */
public interface SharedAnswers {
  /** Shares nothing. */
  SharedAnswers NONE =
      new SharedAnswers() {
        @Override
        public CompletableFuture<Map<CacheKey, Found>> find(List<CacheKey> keys) {
          return CompletableFuture.completedFuture(Map.of());
        }

        @Override
        public void put(Map<CacheKey, List<Tensor>> answers, Optional<Duration> timeToLive) {}
      };

  /**
   * An answer that was shared.
   *
   * @param outputs its tensors, whose bytes never change
   * @param age how long ago it was computed, by the clocks of both servers; not negative
   */
  record Found(List<Tensor> outputs, Duration age) {}

  /**
   * Looks for answers.
   *
   * @return those that were found within the time that a request may lose by asking; never fails,
   *     and is complete at once when nobody is asked
   */
  CompletableFuture<Map<CacheKey, Found>> find(List<CacheKey> keys);

  /**
   * Shares answers, in place of those that are there. It is not waited for, and may come to
   * nothing.
   *
   * @param timeToLive how long they may be used; empty for as long as there is room
   */
  void put(Map<CacheKey, List<Tensor>> answers, Optional<Duration> timeToLive);
}
