package dev.slipway.serving.model;

/** Who needs a version, the least first: what a version may take the place of in memory. */
public enum Need {
  /** Nobody but those who ask for it by number, alias or {@code latest}. */
  REQUESTS,
  /** Stage Staging. */
  STAGING,
  /** Stage Production. */
  PRODUCTION
}
