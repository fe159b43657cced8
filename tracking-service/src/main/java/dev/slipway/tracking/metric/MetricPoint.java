package dev.slipway.tracking.metric;

import java.util.Comparator;

/**
 * Is one point of a metric.
 *
 * <p>Points are ordered by (step, timestamp, value). Values compare as {@link Double#compare} does
 * it: NaN is greater than every number and equal to itself, and -0.0 is less than 0.0. Both
 * databases order NaN like that but take the two zeros for equal.
 *
 * @param step any number, negative ones included
 * @param timestampMillis milliseconds since 1970
 * @param value any double
 */
public record MetricPoint(long step, long timestampMillis, double value)
    implements Comparable<MetricPoint> {
  private static final Comparator<MetricPoint> ORDER =
      Comparator.comparingLong(MetricPoint::step)
          .thenComparingLong(MetricPoint::timestampMillis)
          .thenComparingDouble(MetricPoint::value);

  /**
   * Returns the point with 0.0 instead of -0.0: not every database can keep that in a column.
   * Segments keep it.
   */
  public MetricPoint withoutNegativeZero() {
    return value == 0 ? new MetricPoint(step, timestampMillis, 0) : this;
  }

  @Override
  public int compareTo(MetricPoint other) {
    return ORDER.compare(this, other);
  }

  /** Returns the later of two points, which is the latest of a metric that has both. */
  public static MetricPoint max(MetricPoint a, MetricPoint b) {
    return a.compareTo(b) >= 0 ? a : b;
  }
}
