package dev.slipway.tracking.search;

/** Is something by which experiments are searched. */
public sealed interface ExperimentField {
  /** Is a tag. */
  record Tag(String key) implements ExperimentField {}

  /** Is a part of an experiment's own state. */
  enum Attribute implements ExperimentField {
    /** The name. */
    NAME,
    /** The id; only to order by. */
    EXPERIMENT_ID,
    /** Milliseconds since 1970. */
    CREATION_TIME,
    /** Milliseconds since 1970. */
    LAST_UPDATE_TIME
  }
}
