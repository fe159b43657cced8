package dev.slipway.registry.check;

/** Is something of a run on which a version's fitness can depend. */
public sealed interface RunField {
  /** Returns the key within its kind. */
  String key();

  /** Is the latest value of a metric. */
  record Metric(String key) implements RunField {}

  /** Is a param. */
  record Param(String key) implements RunField {}

  /** Is a tag. */
  record Tag(String key) implements RunField {}
}
