package dev.slipway.tracking.store;

import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.store.MetricDao.PlacedRow;
import dev.slipway.tracking.store.MetricDao.SegmentHead;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongPredicate;
import org.jdbi.v3.core.Handle;

/**
 * Goes through the segments of a run in order of their first step, few in memory at a time. A
 * segment that is compacted meanwhile is left out.
 */
final class SegmentScan {
  /** Each read sorts all segments of the run. */
  private static final int HEADS_PER_READ = 8192;

  private static final int MIN_SEGMENTS_PER_READ = 16;
  private static final int MAX_SEGMENTS_PER_READ = 128;

  /** A read that brings less lets the next one ask for more segments. */
  private static final int ENOUGH_BYTES = 256 << 10;

  private final MetricDao dao;
  private final RunId run;
  private int segmentsPerRead = MIN_SEGMENTS_PER_READ;

  /** Is where a segment is. */
  private record Place(long logId, long commitNo, int part) {}

  SegmentScan(Handle handle, RunId run) {
    this.dao = handle.attach(MetricDao.class);
    this.run = run;
  }

  /**
   * Hands over packed segments.
   *
   * @param minStep segments that end before are passed over
   * @param maxStep segments that begin after it are passed over
   * @param wanted says by the first step of a segment whether it matters; after a no the scan ends
   */
  void run(long minStep, long maxStep, LongPredicate wanted, Consumer<byte[]> consumer) {
    SegmentHead last = new SegmentHead(Long.MIN_VALUE, Long.MIN_VALUE, -1, Long.MIN_VALUE);
    while (true) {
      List<SegmentHead> heads =
          dao.segmentHeads(
              run.uuid(),
              minStep,
              maxStep,
              last.minStep(),
              last.logId(),
              last.commitNo(),
              last.part(),
              HEADS_PER_READ);
      for (int from = 0; from < heads.size(); ) {
        int to = Math.min(heads.size(), from + segmentsPerRead);
        if (!wanted.test(heads.get(from).minStep())
            || !handOver(heads.subList(from, to), wanted, consumer)) {
          return;
        }
        from = to;
      }
      if (heads.size() < HEADS_PER_READ) {
        return;
      }
      last = heads.get(heads.size() - 1);
    }
  }

  private boolean handOver(
      List<SegmentHead> heads, LongPredicate wanted, Consumer<byte[]> consumer) {
    List<PlacedRow> rows =
        dao.segments(
            run.uuid(),
            heads.stream().map(SegmentHead::logId).toArray(Long[]::new),
            heads.stream().map(SegmentHead::commitNo).toArray(Long[]::new),
            heads.stream().map(SegmentHead::part).toArray(Integer[]::new));
    Map<Place, byte[]> bodies = new HashMap<>();
    long bytes = 0;
    for (PlacedRow row : rows) {
      bodies.put(new Place(row.logId(), row.commitNo(), row.part()), row.packed());
      bytes += row.packed().length;
    }
    segmentsPerRead =
        bytes < ENOUGH_BYTES
            ? Math.min(MAX_SEGMENTS_PER_READ, 2 * segmentsPerRead)
            : Math.max(MIN_SEGMENTS_PER_READ, segmentsPerRead / 2);
    for (SegmentHead head : heads) {
      if (!wanted.test(head.minStep())) {
        return false;
      }
      byte[] body = bodies.get(new Place(head.logId(), head.commitNo(), head.part()));
      if (body != null) {
        consumer.accept(body);
      }
    }
    return true;
  }
}
