package dev.slipway.serving.model;

/** Where in its life a version is on this server. */
public enum ModelState {
  /** Known, not loaded. */
  AVAILABLE,
  /** Being fetched, opened or warmed up. */
  LOADING,
  /** Answers. */
  READY,
  /** Its last load failed. */
  FAILED,
  /** Takes no new requests; running ones finish. */
  UNLOADING
}
