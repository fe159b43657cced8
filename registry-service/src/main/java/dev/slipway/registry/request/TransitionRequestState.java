package dev.slipway.registry.request;

/** Says where a transition request stands; the names are stored and are those of the contract. */
public enum TransitionRequestState {
  /** Waiting for decisions; all others are final. */
  OPEN,
  /** Approved, and the version was moved. */
  EXECUTED,
  /** Somebody who may approve said no. */
  REJECTED,
  /** Withdrawn by the requester. */
  CANCELLED,
  /** Not decided in time. */
  EXPIRED
}
