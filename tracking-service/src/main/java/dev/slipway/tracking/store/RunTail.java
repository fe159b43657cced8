package dev.slipway.tracking.store;

import dev.slipway.tracking.metric.ChartQuery;
import dev.slipway.tracking.metric.MetricPoint;
import dev.slipway.tracking.metric.SegmentReader;
import dev.slipway.tracking.metric.SortedPoints;
import dev.slipway.tracking.run.RunId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * Holds the points of some metrics of a run that are in segments, read once for all metrics. A tail
 * that grew too large for the memory, because points come faster than chunks are made, is read bit
 * by bit for each metric instead.
 */
final class RunTail {
  private static final int MAX_POINTS = 250_000;

  private final Handle handle;
  private final RunId run;
  private final ChartQuery query;
  private final Map<Integer, List<MetricPoint>> points = new HashMap<>();
  private final boolean fits;

  /** Reads the tail as far as a chart needs it. */
  RunTail(Handle handle, RunId run, Collection<Integer> nameIds, ChartQuery query) {
    this.handle = handle;
    this.run = run;
    this.query = query;
    nameIds.forEach(nameId -> points.put(nameId, new ArrayList<>()));
    this.fits = load();
    if (fits) {
      points.values().forEach(SortedPoints::sort);
    } else {
      points.clear();
    }
  }

  private boolean load() {
    int[] size = new int[1];
    new SegmentScan(handle, run)
        .run(
            query.minStep(),
            query.maxStep(),
            firstStep -> size[0] <= MAX_POINTS,
            packed ->
                SegmentReader.read(
                    packed,
                    points::containsKey,
                    (point, nameId) -> {
                      points.get(nameId).add(point);
                      size[0]++;
                    }));
    return size[0] <= MAX_POINTS;
  }

  /** Returns the points of one of the metrics, in order, none twice; absent without the memory. */
  Optional<List<MetricPoint>> of(int nameId) {
    return fits ? Optional.of(points.get(nameId)) : Optional.empty();
  }
}
