package dev.slipway.tracking.store;

import dev.slipway.tracking.entry.Param;
import dev.slipway.tracking.entry.Tag;
import dev.slipway.tracking.metric.MetricBatch;
import dev.slipway.tracking.metric.WriterAdvance;
import dev.slipway.tracking.run.RunId;
import java.util.List;
import java.util.Optional;

/**
 * Is what one call or one stream batch writes to a run: all of it or nothing.
 *
 * @param writer the stream's writer and batch number; absent for a call
 * @param metrics points to append
 * @param params params to set, no key twice
 * @param tags tags to set, no key twice
 */
public record RunWrite(
    RunId run,
    Optional<WriterAdvance> writer,
    MetricBatch metrics,
    List<Param> params,
    List<Tag> tags) {
  /** Copies the lists. */
  public RunWrite {
    params = List.copyOf(params);
    tags = List.copyOf(tags);
  }

  /** Returns the memory that the write takes while it waits, about. */
  public long costBytes() {
    long bytes = metrics.costBytes();
    for (Param param : params) {
      bytes += MetricBatch.textBytes(param.key()) + MetricBatch.textBytes(param.value());
    }
    for (Tag tag : tags) {
      bytes += MetricBatch.textBytes(tag.key()) + MetricBatch.textBytes(tag.value());
    }
    return bytes;
  }

  boolean locksRun() {
    return !params.isEmpty() || !tags.isEmpty();
  }
}
