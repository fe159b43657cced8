package dev.slipway.tracking.rpc;

import dev.slipway.runtime.error.Violations;
import dev.slipway.tracking.entry.EntryKey;
import dev.slipway.tracking.metric.ChartQuery;
import dev.slipway.tracking.metric.MetricAxis;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.v1.QueryMetricsRequest;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;

/** Turns requests for charts into queries, all violations at once. */
final class ChartRequests {
  private static final int MAX_RUNS = 1_000;
  private static final int MAX_KEYS = 1_000;
  private static final int MAX_PAIRS = 10_000;
  private static final int DEFAULT_BUCKETS = 500;

  private ChartRequests() {}

  static ChartQuery queryMetrics(QueryMetricsRequest request) {
    Violations violations = new Violations();
    List<RunId> runs =
        EntryRequests.runIds("run_ids", request.getRunIdsList(), MAX_RUNS, violations);
    List<String> keys = request.getMetricKeysList();
    checkKeys(keys, violations);
    long pairs = (long) request.getRunIdsCount() * keys.size();
    if (pairs > MAX_PAIRS) {
      violations.add(
          "metric_keys",
          "makes " + pairs + " pairs of run and metric; at most " + MAX_PAIRS + " are allowed");
    }
    MetricAxis axis = axis(request, violations);
    OptionalLong minX = x(request.hasMinX(), request.getMinX());
    OptionalLong maxX = x(request.hasMaxX(), request.getMaxX());
    if (request.hasMinX() && request.hasMaxX() && request.getMaxX() < request.getMinX()) {
      violations.add("max_x", "is " + request.getMaxX() + ", below min_x " + request.getMinX());
    }
    if (request.getBuckets() < 0) {
      violations.add("buckets", "must not be negative");
    }
    violations.throwIfAny();
    int buckets =
        request.getBuckets() == 0
            ? DEFAULT_BUCKETS
            : Math.min(request.getBuckets(), ChartQuery.MAX_BUCKETS);
    return new ChartQuery(runs, keys, axis, minX, maxX, buckets);
  }

  private static void checkKeys(List<String> keys, Violations violations) {
    EntryRequests.atLeastOne("metric_keys", keys.size(), violations);
    EntryRequests.atMost("metric_keys", keys.size(), MAX_KEYS, violations);
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < keys.size(); i++) {
      String field = "metric_keys[" + i + "]";
      violations.required(field, keys.get(i));
      EntryRequests.text(field, keys.get(i), EntryKey.MAX_CHARS, violations);
      if (!seen.add(keys.get(i))) {
        violations.add(field, "appears twice");
      }
    }
  }

  private static MetricAxis axis(QueryMetricsRequest request, Violations violations) {
    return switch (request.getAxis()) {
      case METRIC_AXIS_UNSPECIFIED, METRIC_AXIS_STEP -> MetricAxis.STEP;
      case METRIC_AXIS_WALL_TIME -> MetricAxis.WALL_TIME;
      case METRIC_AXIS_RELATIVE_TIME -> MetricAxis.RELATIVE_TIME;
      case UNRECOGNIZED -> {
        violations.add("axis", "has no value " + request.getAxisValue());
        yield MetricAxis.STEP;
      }
    };
  }

  private static OptionalLong x(boolean present, long x) {
    return present ? OptionalLong.of(x) : OptionalLong.empty();
  }
}
