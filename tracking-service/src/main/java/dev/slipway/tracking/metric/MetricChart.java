package dev.slipway.tracking.metric;

import java.util.List;

/**
 * Is a metric of a run, down-sampled for a chart.
 *
 * @param points how many points are in the range, at least one
 * @param minX left end of the range, inclusive
 * @param maxX right end of the range, inclusive
 * @param buckets those that hold a point, from left to right
 */
public record MetricChart(long points, long minX, long maxX, List<Bucket> buckets) {
  /**
   * Is what a bucket shows.
   *
   * @param last its last point by (step, timestamp, value)
   * @param lastX where that point is on the axis
   * @param minValue its smallest value other than NaN; NaN when all are NaN
   * @param maxValue its greatest value other than NaN; NaN when all are NaN
   * @param points how many points it holds, at least one
   */
  public record Bucket(
      MetricPoint last, long lastX, double minValue, double maxValue, long points) {}

  /** Copies the buckets. */
  public MetricChart {
    buckets = List.copyOf(buckets);
  }

  /** Returns whether every point has a bucket of its own. */
  public boolean exact() {
    return points == buckets.size();
  }
}
