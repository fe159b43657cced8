package dev.slipway.registry.check;

/** Says how a check came out; the names are stored and are those of the contract. */
public enum CheckOutcome {
  /** The condition is met. */
  PASSED,
  /** The condition is not met. */
  FAILED,
  /** There is no verdict: nothing was reported, or it is too old, or the run is unknown. */
  MISSING,
  /** The check could not be run; trying again may help. */
  ERROR
}
