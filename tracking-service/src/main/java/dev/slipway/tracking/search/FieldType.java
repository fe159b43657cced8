package dev.slipway.tracking.search;

/** Says what a field is compared with. */
public enum FieldType {
  /** Numbers. */
  NUMBER,
  /** Text. */
  TEXT,
  /** Text, which is also compared with numbers where it is one. */
  TEXT_OR_NUMBER
}
