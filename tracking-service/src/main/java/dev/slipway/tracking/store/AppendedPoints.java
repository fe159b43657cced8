package dev.slipway.tracking.store;

import dev.slipway.tracking.metric.MetricPoint;
import dev.slipway.tracking.watch.AppendedPoint;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/** Gathers points that were appended to runs, up to a bound. Not thread-safe. */
final class AppendedPoints {
  private static final int MAX_POINTS = 500_000;

  private final Map<UUID, List<Integer>> nameIds = new HashMap<>();
  private final Map<UUID, List<MetricPoint>> points = new HashMap<>();
  private final Set<UUID> omitted = new HashSet<>();
  private int count;

  /** Adds a point, or notes for the run that there were more than have room. */
  void add(UUID run, int nameId, MetricPoint point) {
    if (count >= MAX_POINTS) {
      omitted.add(run);
      return;
    }
    count++;
    nameIds.computeIfAbsent(run, r -> new ArrayList<>()).add(nameId);
    points.computeIfAbsent(run, r -> new ArrayList<>()).add(point);
  }

  /** Returns the numbers of the metrics that have points. */
  Set<Integer> nameIds() {
    Set<Integer> ids = new HashSet<>();
    nameIds.values().forEach(ids::addAll);
    return ids;
  }

  /** Returns whether points of a run had no room. */
  boolean isOmitted(UUID run) {
    return omitted.contains(run);
  }

  /** Returns the points of a run, given the names of metrics. */
  List<AppendedPoint> of(UUID run, Map<Integer, String> names) {
    List<Integer> ids = nameIds.getOrDefault(run, List.of());
    List<MetricPoint> own = points.getOrDefault(run, List.of());
    List<AppendedPoint> named = new ArrayList<>(own.size());
    for (int i = 0; i < own.size(); i++) {
      named.add(new AppendedPoint(names.get(ids.get(i)), own.get(i)));
    }
    return named;
  }
}
