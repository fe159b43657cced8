package dev.slipway.tracking.metric;

import dev.slipway.tracking.run.RunId;
import java.util.List;
import java.util.OptionalLong;

/**
 * Asks for metrics of runs, down-sampled for a chart.
 *
 * @param runs none twice
 * @param metricKeys none twice
 * @param axis what the buckets divide
 * @param minX left end of the range, inclusive; absent for the first point of each series
 * @param maxX right end of the range, inclusive; absent for the last point of each series
 * @param buckets buckets per series, from 1 to {@value #MAX_BUCKETS}
 */
public record ChartQuery(
    List<RunId> runs,
    List<String> metricKeys,
    MetricAxis axis,
    OptionalLong minX,
    OptionalLong maxX,
    int buckets) {
  /** The most buckets of a series. */
  public static final int MAX_BUCKETS = 10_000;

  /** Copies the lists and checks the number of buckets. */
  public ChartQuery {
    runs = List.copyOf(runs);
    metricKeys = List.copyOf(metricKeys);
    if (buckets < 1 || buckets > MAX_BUCKETS) {
      throw new IllegalArgumentException("a chart has 1 to " + MAX_BUCKETS + " buckets");
    }
  }

  /** Returns the least step that can matter. */
  public long minStep() {
    return axis == MetricAxis.STEP ? minX.orElse(Long.MIN_VALUE) : Long.MIN_VALUE;
  }

  /** Returns the greatest step that can matter. */
  public long maxStep() {
    return axis == MetricAxis.STEP ? maxX.orElse(Long.MAX_VALUE) : Long.MAX_VALUE;
  }
}
