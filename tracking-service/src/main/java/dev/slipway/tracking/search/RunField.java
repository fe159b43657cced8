package dev.slipway.tracking.search;

import dev.slipway.runtime.search.FieldType;

/** Is something by which runs are searched. */
public sealed interface RunField {
  /** Is the latest value of a metric. */
  record Metric(String key) implements RunField {}

  /** Is a param. */
  record Param(String key) implements RunField {}

  /** Is a tag. */
  record Tag(String key) implements RunField {}

  /** Is a part of the datasets that a run read; a clause is true when any of them matches. */
  enum Dataset implements RunField {
    /** The name. */
    NAME,
    /** The digest. */
    DIGEST,
    /** What the run used it for: the tag {@code mlflow.data.context} of the input. */
    CONTEXT
  }

  /** Is a part of a run's own state. */
  enum Attribute implements RunField {
    /** The id. */
    RUN_ID(FieldType.TEXT),
    /** The name. */
    RUN_NAME(FieldType.TEXT),
    /** The status' upper-case name. */
    STATUS(FieldType.TEXT),
    /** The user. */
    USER_ID(FieldType.TEXT),
    /** Root of the artifacts. */
    ARTIFACT_URI(FieldType.TEXT),
    /** Milliseconds since 1970. */
    START_TIME(FieldType.NUMBER),
    /** Milliseconds since 1970; missing while the run has not ended. */
    END_TIME(FieldType.NUMBER);

    private final FieldType type;

    Attribute(FieldType type) {
      this.type = type;
    }

    /** Returns what the attribute is compared with. */
    public FieldType type() {
      return type;
    }
  }
}
