package dev.slipway.registry.lineage;

/** Says which way lineage is followed. */
public enum LineageDirection {
  /** To what a thing was made from. */
  UPSTREAM,
  /** To what was made from it. */
  DOWNSTREAM,
  /** Both, each from the thing itself. */
  BOTH
}
