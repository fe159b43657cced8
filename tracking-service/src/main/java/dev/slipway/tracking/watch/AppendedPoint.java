package dev.slipway.tracking.watch;

import dev.slipway.tracking.metric.MetricPoint;

/** Is a point that was appended to a metric. */
public record AppendedPoint(String key, MetricPoint point) {
  /** The memory that one takes, about; keys are shared. */
  static final int BYTES = 64;
}
