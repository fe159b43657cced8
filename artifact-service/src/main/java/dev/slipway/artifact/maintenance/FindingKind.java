package dev.slipway.artifact.maintenance;

/** Is what can be wrong between rows and store. */
public enum FindingKind {
  /** A row names content in use that the store does not have. */
  CONTENT_MISSING,
  /** The store has content in use with another size than its row states. */
  SIZE_DIFFERS,
  /** The store has content with another digest than its name. */
  DIGEST_DIFFERS,
  /** The store has content that no row names. */
  CONTENT_UNKNOWN,
  /** A row names content that nothing refers to. */
  CONTENT_UNREFERENCED
}
