package dev.slipway.tracking.metric;

import dev.slipway.tracking.run.RunId;
import java.util.Optional;

/**
 * Asks for points of one metric in order.
 *
 * @param minStep least step wanted
 * @param maxStep greatest step wanted
 * @param after the point after which to continue; absent for the start
 */
public record HistoryQuery(
    RunId run, String metricKey, long minStep, long maxStep, Optional<MetricPoint> after) {
  /** Returns whether a point is wanted. */
  public boolean wants(MetricPoint point) {
    return point.step() >= minStep
        && point.step() <= maxStep
        && (after.isEmpty() || point.compareTo(after.get()) > 0);
  }

  /** Returns the least step that is still wanted. */
  public long firstStep() {
    return after.map(point -> Math.max(minStep, point.step())).orElse(minStep);
  }
}
