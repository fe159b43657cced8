package dev.slipway.serving.model;

/** Why a loaded version is kept in memory. */
public enum Residence {
  /** A stage points to it. */
  PINNED,
  /** A request asked for it. */
  ON_DEMAND,
  /** A stage pointed to it until a moment ago. */
  ROLLBACK
}
