package dev.slipway.serving.model;

/** Which part of a stage's traffic rule sent a request to its version. */
public enum Route {
  /** No rule applied. */
  NONE,
  /** The version that the stage names. */
  PRIMARY,
  /** The canary. */
  CANARY,
  /** The version that an operator has put in the place of the stage's. */
  PINNED
}
