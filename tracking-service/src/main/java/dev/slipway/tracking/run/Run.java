package dev.slipway.tracking.run;

import dev.slipway.tracking.entry.Param;
import dev.slipway.tracking.entry.Tag;
import java.util.List;

/**
 * Is a run with what was logged to it, as far as a projection asked for it.
 *
 * @param metrics latest point of each metric, in order of key
 * @param params in order of key
 * @param tags in order of key
 * @param lineage what it read and produced
 */
public record Run(
    RunInfo info,
    List<LatestMetric> metrics,
    List<Param> params,
    List<Tag> tags,
    RunLineage lineage) {
  /** Copies the lists. */
  public Run {
    metrics = List.copyOf(metrics);
    params = List.copyOf(params);
    tags = List.copyOf(tags);
  }
}
