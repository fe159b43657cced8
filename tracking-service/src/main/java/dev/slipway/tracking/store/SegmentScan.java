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
  private static final int HEADS_PER_READ = 512;
  private static final int SEGMENTS_PER_READ = 16;

  private final MetricDao dao;
  private final RunId run;

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
      for (int from = 0; from < heads.size(); from += SEGMENTS_PER_READ) {
        if (!wanted.test(heads.get(from).minStep())
            || !handOver(
                heads.subList(from, Math.min(heads.size(), from + SEGMENTS_PER_READ)),
                wanted,
                consumer)) {
          return;
        }
      }
      if (heads.size() < HEADS_PER_READ) {
        return;
      }
      last = heads.get(heads.size() - 1);
    }
  }

  private boolean handOver(
      List<SegmentHead> heads, LongPredicate wanted, Consumer<byte[]> consumer) {
    Map<SegmentHead, byte[]> bodies = new HashMap<>();
    List<PlacedRow> rows =
        dao.segments(
            run.uuid(),
            heads.stream().map(SegmentHead::logId).toArray(Long[]::new),
            heads.stream().map(SegmentHead::commitNo).toArray(Long[]::new),
            heads.stream().map(SegmentHead::part).toArray(Integer[]::new));
    for (SegmentHead head : heads) {
      rows.stream().filter(head::isOf).forEach(row -> bodies.put(head, row.packed()));
    }
    for (SegmentHead head : heads) {
      if (!wanted.test(head.minStep())) {
        return false;
      }
      if (bodies.containsKey(head)) {
        consumer.accept(bodies.get(head));
      }
    }
    return true;
  }
}
