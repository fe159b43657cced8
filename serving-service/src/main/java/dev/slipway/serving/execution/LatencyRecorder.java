package dev.slipway.serving.execution;

import com.codahale.metrics.Snapshot;
import com.codahale.metrics.UniformReservoir;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.atomic.LongAdder;

/**
 * Durations of which count, mean and maximum are exact, and the percentiles those of a uniform
 * sample. Takes eight bytes for each duration of a full sample, whatever it records. Thread-safe.
 */
public final class LatencyRecorder {
  /** Durations up to which the percentiles of whole requests are exact. */
  static final int LARGE_SAMPLE = 16_384;

  /** Durations up to which the percentiles of the steps of a pipeline are exact. */
  static final int SMALL_SAMPLE = 1_024;

  private final LongAdder count = new LongAdder();
  private final LongAdder sum = new LongAdder();
  private final LongAccumulator max = new LongAccumulator(Math::max, 0);
  private final UniformReservoir sample;

  /** Creates a recorder whose sample is complete up to this many durations. */
  LatencyRecorder(int sample) {
    this.sample = new UniformReservoir(sample);
  }

  void record(long nanos) {
    count.increment();
    sum.add(nanos);
    max.accumulate(nanos);
    sample.update(nanos);
  }

  /** Returns the sum of all durations, nanoseconds. */
  public long sumNanos() {
    return sum.sum();
  }

  /** Returns the figures; all zero when nothing was recorded. */
  public Figures figures() {
    long recorded = count.sum();
    Snapshot percentiles = sample.getSnapshot();
    return new Figures(
        recorded,
        recorded == 0 ? 0 : (double) sum.sum() / recorded,
        percentiles.getMedian(),
        percentiles.get95thPercentile(),
        percentiles.get99thPercentile(),
        max.get());
  }

  /**
   * Figures of durations, in nanoseconds but for the count.
   *
   * @param count how many
   * @param mean the mean
   * @param p50 the median
   * @param p95 the 95th percentile
   * @param p99 the 99th percentile
   * @param max the largest
   */
  public record Figures(long count, double mean, double p50, double p95, double p99, double max) {}
}
