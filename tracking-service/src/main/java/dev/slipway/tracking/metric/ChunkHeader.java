package dev.slipway.tracking.metric;

import java.util.List;

/**
 * Says what is in a chunk without its points.
 *
 * @param points how many points it holds, from 1
 * @param firstStep the step of its first point, which is its least
 * @param last its last point by (step, timestamp, value)
 * @param minTimeMillis its earliest timestamp
 * @param maxTimeMillis its latest timestamp
 * @param minValue its smallest value other than NaN; NaN when all are NaN
 * @param maxValue its greatest value other than NaN; NaN when all are NaN
 */
public record ChunkHeader(
    int points,
    long firstStep,
    MetricPoint last,
    long minTimeMillis,
    long maxTimeMillis,
    double minValue,
    double maxValue) {

  /**
   * Returns the header of points.
   *
   * @param points in order, at least one
   */
  public static ChunkHeader of(List<MetricPoint> points) {
    long minTime = Long.MAX_VALUE;
    long maxTime = Long.MIN_VALUE;
    ValueRange values = new ValueRange();
    for (MetricPoint point : points) {
      minTime = Math.min(minTime, point.timestampMillis());
      maxTime = Math.max(maxTime, point.timestampMillis());
      values.add(point.value());
    }
    return new ChunkHeader(
        points.size(),
        points.get(0).step(),
        points.get(points.size() - 1),
        minTime,
        maxTime,
        values.min(),
        values.max());
  }
}
