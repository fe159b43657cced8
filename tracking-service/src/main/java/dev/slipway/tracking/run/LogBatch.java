package dev.slipway.tracking.run;

import dev.slipway.tracking.entry.Param;
import dev.slipway.tracking.entry.Tag;
import dev.slipway.tracking.metric.MetricBatch;
import dev.slipway.tracking.model.ModelPoint;
import java.util.List;

/**
 * Is what one call logs to a run: all of it or nothing.
 *
 * @param metrics points to append
 * @param params no key twice
 * @param tags no key twice
 * @param modelPoints those of the points that are recorded on a logged model too
 */
public record LogBatch(
    RunId run,
    MetricBatch metrics,
    List<Param> params,
    List<Tag> tags,
    List<ModelPoint> modelPoints) {
  /** The most points of one call. */
  public static final int MAX_METRICS = 1000;

  /** The most points, params and tags together of one call. */
  public static final int MAX_ENTRIES = 1000;

  /** Copies the lists. */
  public LogBatch {
    params = List.copyOf(params);
    tags = List.copyOf(tags);
    modelPoints = List.copyOf(modelPoints);
  }
}
