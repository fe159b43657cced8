package dev.slipway.tracking.metric;

/** Names what the horizontal axis of a chart shows. */
public enum MetricAxis {
  /** The step. */
  STEP,
  /** The timestamp, in milliseconds since 1970. */
  WALL_TIME,
  /** Milliseconds since the earliest timestamp among all points of the metric. */
  RELATIVE_TIME
}
