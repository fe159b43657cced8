package dev.slipway.tracking.search;

import dev.slipway.runtime.search.FieldType;

/** Is something by which logged models are searched. */
public sealed interface LoggedModelField {
  /** Is the latest value of a metric. */
  record Metric(String key) implements LoggedModelField {}

  /** Is a param. */
  record Param(String key) implements LoggedModelField {}

  /** Is a tag. */
  record Tag(String key) implements LoggedModelField {}

  /** Is a part of a model's own state. */
  enum Attribute implements LoggedModelField {
    /** The name. */
    NAME(FieldType.TEXT),
    /** The id, with its prefix. */
    MODEL_ID(FieldType.TEXT),
    /** The experiment's id. */
    EXPERIMENT_ID(FieldType.TEXT),
    /** The type. */
    MODEL_TYPE(FieldType.TEXT),
    /** The id of the run that saved the model; missing when there was none. */
    SOURCE_RUN_ID(FieldType.TEXT),
    /** The status' upper-case name. */
    STATUS(FieldType.TEXT),
    /** Milliseconds since 1970. */
    CREATION_TIMESTAMP(FieldType.NUMBER),
    /** Milliseconds since 1970. */
    LAST_UPDATED_TIMESTAMP(FieldType.NUMBER);

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
