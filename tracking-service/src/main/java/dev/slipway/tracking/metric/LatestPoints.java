package dev.slipway.tracking.metric;

import dev.slipway.tracking.run.RunId;
import java.util.HashMap;
import java.util.Map;

/**
 * Gathers the latest point per run and metric name id. A value of -0.0 becomes 0.0. Not
 * thread-safe.
 */
public final class LatestPoints {
  private final Map<RunId, Map<Integer, MetricPoint>> byRun = new HashMap<>();

  /** Takes a point into account. */
  public void add(RunId run, int nameId, MetricPoint point) {
    byRun
        .computeIfAbsent(run, r -> new HashMap<>())
        .merge(nameId, point.withoutNegativeZero(), MetricPoint::max);
  }

  /** Takes all points of another collection into account. */
  public void addAll(LatestPoints other) {
    other.byRun.forEach((run, points) -> points.forEach((name, point) -> add(run, name, point)));
  }

  /** Returns whether there is none. */
  public boolean isEmpty() {
    return byRun.isEmpty();
  }

  /** Returns the live view of all points, by run and name id. */
  public Map<RunId, Map<Integer, MetricPoint>> byRun() {
    return byRun;
  }
}
