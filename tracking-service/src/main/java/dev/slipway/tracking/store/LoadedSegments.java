package dev.slipway.tracking.store;

import dev.slipway.tracking.metric.MetricPoint;
import dev.slipway.tracking.metric.SegmentReader;
import dev.slipway.tracking.metric.SortedPoints;
import dev.slipway.tracking.store.ChunkDao.SegmentSize;
import dev.slipway.tracking.store.MetricDao.PlacedRow;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/** Holds the points of some segments of a run, by metric and in order. Not thread-safe. */
final class LoadedSegments {
  private static final int SEGMENTS_PER_READ = 64;

  /** Below so many points per metric, rewriting chunks costs more than it saves. */
  private static final int FEW_POINTS = 250;

  private final SortedMap<Integer, List<MetricPoint>> byMetric = new TreeMap<>();
  private List<SegmentSize> segments = List.of();

  /**
   * Reads segments. One that another process compacted meanwhile has no points.
   *
   * @return this
   */
  LoadedSegments load(Handle handle, UUID run, List<SegmentSize> sizes) {
    MetricDao dao = handle.attach(MetricDao.class);
    segments = List.copyOf(sizes);
    byMetric.clear();
    for (int from = 0; from < sizes.size(); from += SEGMENTS_PER_READ) {
      List<SegmentSize> some =
          sizes.subList(from, Math.min(sizes.size(), from + SEGMENTS_PER_READ));
      List<PlacedRow> rows =
          dao.segments(
              run,
              some.stream().map(SegmentSize::logId).toArray(Long[]::new),
              some.stream().map(SegmentSize::commitNo).toArray(Long[]::new),
              some.stream().map(SegmentSize::part).toArray(Integer[]::new));
      for (PlacedRow row : rows) {
        SegmentReader.read(
            row.packed(),
            nameId -> true,
            (point, nameId) ->
                byMetric.computeIfAbsent(nameId, id -> new ArrayList<>()).add(point));
      }
    }
    byMetric.values().forEach(SortedPoints::sort);
    return this;
  }

  /** Returns whether chunks would be fewer rows, or large enough to be worth it. */
  boolean areWorthChunks() {
    long distinct = byMetric.values().stream().mapToLong(List::size).sum();
    return segments.size() > byMetric.size() || distinct >= (long) FEW_POINTS * byMetric.size();
  }

  /** Returns the segments that were asked for. */
  List<SegmentSize> segments() {
    return segments;
  }

  /** Returns how many points the segments held, equal ones included. */
  long points() {
    return segments.stream().mapToLong(SegmentSize::points).sum();
  }

  /** Returns the points, by name id, sorted and none twice. */
  SortedMap<Integer, List<MetricPoint>> byMetric() {
    return Collections.unmodifiableSortedMap(byMetric);
  }
}
