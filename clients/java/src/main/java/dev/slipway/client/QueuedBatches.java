package dev.slipway.client;

import dev.slipway.tracking.v1.MetricBatch;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;

/** Holds batches in memory by sequence number, and knows how much they take up. Not thread-safe. */
final class QueuedBatches {
  private final TreeMap<Long, QueuedBatch> batches = new TreeMap<>();
  private long bytes;
  private long points;

  /**
   * Is a batch with what it counts as in memory, and since when its oldest point waits, by {@link
   * System#nanoTime}.
   */
  record QueuedBatch(MetricBatch batch, long bytes, long sinceNanos) {}

  void add(QueuedBatch queued) {
    batches.put(queued.batch().getSeq(), queued);
    bytes += queued.bytes();
    points += queued.batch().getValueCount();
  }

  /** Returns the first batch with a greater number. */
  Optional<MetricBatch> after(long seq) {
    Map.Entry<Long, QueuedBatch> next = batches.higherEntry(seq);
    return next == null ? Optional.empty() : Optional.of(next.getValue().batch());
  }

  void removeUpTo(long seq) {
    while (!batches.isEmpty() && batches.firstKey() <= seq) {
      QueuedBatch removed = batches.pollFirstEntry().getValue();
      bytes -= removed.bytes();
      points -= removed.batch().getValueCount();
    }
  }

  void clear() {
    removeUpTo(Long.MAX_VALUE);
  }

  List<QueuedBatch> list() {
    return List.copyOf(batches.values());
  }

  /** Returns since when the oldest batch waits; empty when there is none. */
  OptionalLong oldestNanos() {
    return batches.isEmpty()
        ? OptionalLong.empty()
        : OptionalLong.of(batches.firstEntry().getValue().sinceNanos());
  }

  long bytes() {
    return bytes;
  }

  long points() {
    return points;
  }
}
