package dev.slipway.tracking.store;

import dev.slipway.tracking.entry.Param;
import dev.slipway.tracking.entry.Tag;
import dev.slipway.tracking.metric.MetricBatch;
import dev.slipway.tracking.metric.WriterAdvance;
import dev.slipway.tracking.model.ModelPoint;
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
 * @param modelPoints those of the points that are recorded on a logged model too
 */
public record RunWrite(
    RunId run,
    Optional<WriterAdvance> writer,
    MetricBatch metrics,
    List<Param> params,
    List<Tag> tags,
    List<ModelPoint> modelPoints) {
  /** The memory that a write takes beside what it brings: its objects while it waits, about. */
  private static final long WRITE_BYTES = 320;

  /** Copies the lists. */
  public RunWrite {
    params = List.copyOf(params);
    tags = List.copyOf(tags);
    modelPoints = List.copyOf(modelPoints);
  }

  /** Makes a write that has nothing to do with logged models. */
  public RunWrite(
      RunId run,
      Optional<WriterAdvance> writer,
      MetricBatch metrics,
      List<Param> params,
      List<Tag> tags) {
    this(run, writer, metrics, params, tags, List.of());
  }

  /** Returns the memory that the write takes while it waits, about. */
  public long costBytes() {
    long bytes = WRITE_BYTES + metrics.costBytes();
    for (Param param : params) {
      bytes += MetricBatch.textBytes(param.key()) + MetricBatch.textBytes(param.value());
    }
    for (Tag tag : tags) {
      bytes += MetricBatch.textBytes(tag.key()) + MetricBatch.textBytes(tag.value());
    }
    for (ModelPoint point : modelPoints) {
      bytes +=
          MetricBatch.POINT_BYTES
              + MetricBatch.textBytes(point.datasetName())
              + MetricBatch.textBytes(point.datasetDigest());
    }
    return bytes;
  }

  /** Returns whether the write waits for nobody who holds a run or a model. */
  public boolean isPointsAlone() {
    return !locksRun() && modelPoints.isEmpty();
  }

  boolean locksRun() {
    return !params.isEmpty() || !tags.isEmpty();
  }
}
