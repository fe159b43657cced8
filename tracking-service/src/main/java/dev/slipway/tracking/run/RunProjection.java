package dev.slipway.tracking.run;

import dev.slipway.tracking.entry.KeySelection;

/** Chooses what of a run is read. */
public record RunProjection(KeySelection metrics, KeySelection params, KeySelection tags) {
  /** Chooses everything. */
  public static final RunProjection ALL =
      new RunProjection(KeySelection.ALL, KeySelection.ALL, KeySelection.ALL);
}
