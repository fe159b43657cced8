package dev.slipway.artifact.maintenance;

/** Is what a garbage collection does with content. */
public enum Verdict {
  /** Nothing: it is in use, or its grace period lasts. */
  KEEP,
  /** It was newly found without reference. */
  CONDEMN,
  /** It was condemned and has a reference again. */
  REVIVE,
  /** It was condemned before the grace period and is still without reference. */
  REMOVE,
  /** It is being removed, and somebody was cut off while doing so. */
  FINISH_REMOVAL
}
