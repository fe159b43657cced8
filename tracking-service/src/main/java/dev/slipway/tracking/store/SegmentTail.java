package dev.slipway.tracking.store;

import dev.slipway.tracking.metric.HistoryQuery;
import dev.slipway.tracking.metric.MetricPoint;
import dev.slipway.tracking.metric.SegmentReader;
import dev.slipway.tracking.run.RunId;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;
import org.jdbi.v3.core.Handle;

/**
 * Reads points of one metric that are in segments, in order and equal ones once. Memory is bounded
 * by the number of points asked for and the size of a few segments, however many there are.
 */
final class SegmentTail {
  private final SegmentScan scan;
  private final int nameId;

  SegmentTail(Handle handle, RunId run, int nameId) {
    this.scan = new SegmentScan(handle, run);
    this.nameId = nameId;
  }

  /** Returns the first points of a query. */
  List<MetricPoint> first(HistoryQuery query, int limit) {
    NavigableSet<MetricPoint> least = new TreeSet<>();
    scan.run(
        query.firstStep(),
        query.maxStep(),
        firstStep -> least.size() < limit || firstStep <= least.last().step(),
        packed -> keepLeast(packed, query, limit, least));
    return List.copyOf(least);
  }

  private void keepLeast(
      byte[] packed, HistoryQuery query, int limit, NavigableSet<MetricPoint> least) {
    SegmentReader.read(
        packed,
        nameId,
        point -> {
          if (query.wants(point)
              && (least.size() < limit || point.compareTo(least.last()) < 0)
              && least.add(point)
              && least.size() > limit) {
            least.pollLast();
          }
        });
  }
}
