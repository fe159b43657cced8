package dev.slipway.tracking.run;

import dev.slipway.tracking.entry.KeySelection;

/** Chooses what of a run is read. */
public record RunProjection(
    KeySelection metrics, KeySelection params, KeySelection tags, RunLineage.Detail lineage) {
  /** Chooses everything, of the details of datasets what fits into a list. */
  public static final RunProjection ALL =
      new RunProjection(KeySelection.ALL, KeySelection.ALL, KeySelection.ALL);

  /** Chooses metrics, params and tags, and of the lineage what fits into a list. */
  public RunProjection(KeySelection metrics, KeySelection params, KeySelection tags) {
    this(metrics, params, tags, RunLineage.Detail.BRIEF);
  }

  /** Returns the projection with another part of the lineage. */
  public RunProjection withLineage(RunLineage.Detail detail) {
    return new RunProjection(metrics, params, tags, detail);
  }
}
