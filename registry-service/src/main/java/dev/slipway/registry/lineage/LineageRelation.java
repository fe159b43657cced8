package dev.slipway.registry.lineage;

/** Says how one thing went into another. */
public enum LineageRelation {
  /** A dataset was an input of a run. */
  RUN_INPUT,
  /** A run produced a version. */
  RUN_OUTPUT,
  /** A version is a step of a pipeline. */
  PIPELINE_STEP,
  /** A version was registered from the package of another. */
  COPY
}
