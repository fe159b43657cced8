package dev.slipway.registry.version;

/** Says whether a version can be served. */
public enum ModelVersionState {
  /** Registered; its package has not been read yet. */
  PENDING,
  /** The package is frozen and readable. */
  READY,
  /** The package could not be read. Final. */
  FAILED
}
