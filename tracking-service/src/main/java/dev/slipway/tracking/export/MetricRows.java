package dev.slipway.tracking.export;

import dev.slipway.tracking.metric.MetricPoint;
import dev.slipway.tracking.run.RunId;
import java.util.List;

/**
 * Is some rows of an exported table: points of one metric.
 *
 * @param points at least one, in order
 */
public record MetricRows(RunId run, String metricKey, List<MetricPoint> points) {
  /** Copies the points. */
  public MetricRows {
    points = List.copyOf(points);
  }
}
