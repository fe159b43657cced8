package dev.slipway.tracking.lifecycle;

/** Says which lifecycle stages a list shows. */
public enum ViewType {
  /** Only what is in use. */
  ACTIVE_ONLY,
  /** Only what was deleted. */
  DELETED_ONLY,
  /** Both. */
  ALL
}
