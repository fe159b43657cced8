package dev.slipway.tracking.model;

import dev.slipway.tracking.entry.KeySelection;

/** Chooses what of a logged model is read. */
public record LoggedModelProjection(KeySelection metrics, KeySelection params, KeySelection tags) {
  /** Chooses everything. */
  public static final LoggedModelProjection ALL =
      new LoggedModelProjection(KeySelection.ALL, KeySelection.ALL, KeySelection.ALL);
}
