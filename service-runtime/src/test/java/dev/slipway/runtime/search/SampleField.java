package dev.slipway.runtime.search;

/** Is a field of the objects that tests search. */
public sealed interface SampleField {
  /** Is a number under a key. */
  record Metric(String key) implements SampleField {}

  /** Is a text under a key, perhaps of a number. */
  record Param(String key) implements SampleField {}

  /** Is a text under a key. */
  record Tag(String key) implements SampleField {}

  /** Is a part of the object itself. */
  enum Attribute implements SampleField {
    /** A text. */
    RUN_NAME,
    /** A number. */
    START_TIME,
    /** A whole number. */
    SIZE,
    /** A whole number, only to order by. */
    POSITION
  }
}
