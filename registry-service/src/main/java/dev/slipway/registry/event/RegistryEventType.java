package dev.slipway.registry.event;

/**
 * Names the kind of command that an event comes from; the names are stored and are those of the
 * contract.
 */
public enum RegistryEventType {
  /** A model was created. */
  REGISTERED_MODEL_CREATED,
  /** A model's description or job was changed. */
  REGISTERED_MODEL_UPDATED,
  /** A model got another name. */
  REGISTERED_MODEL_RENAMED,
  /** A model was deleted with all that it had. */
  REGISTERED_MODEL_DELETED,
  /** Tags of a model were set. */
  REGISTERED_MODEL_TAGS_SET,
  /** Tags of a model were removed. */
  REGISTERED_MODEL_TAGS_DELETED,
  /** A version was registered. */
  MODEL_VERSION_CREATED,
  /** A version's description or link was changed. */
  MODEL_VERSION_UPDATED,
  /** A pending version became READY or FAILED. */
  MODEL_VERSION_FINALIZED,
  /** A version was deleted. */
  MODEL_VERSION_DELETED,
  /** Tags of a version were set. */
  MODEL_VERSION_TAGS_SET,
  /** Tags of a version were removed. */
  MODEL_VERSION_TAGS_DELETED,
  /** A version moved to another stage. */
  STAGE_TRANSITIONED,
  /** An alias was created or moved. */
  ALIAS_SET,
  /** An alias was deleted. */
  ALIAS_DELETED,
  /** A stage policy was set. */
  STAGE_POLICY_SET,
  /** A stage policy was deleted. */
  STAGE_POLICY_DELETED,
  /** A transition was asked for. */
  TRANSITION_REQUEST_CREATED,
  /** A transition request got an approval that left it open. */
  TRANSITION_REQUEST_APPROVED,
  /** A transition request was rejected. */
  TRANSITION_REQUEST_REJECTED,
  /** A transition request was withdrawn. */
  TRANSITION_REQUEST_CANCELLED,
  /** A transition request ran out of time. */
  TRANSITION_REQUEST_EXPIRED,
  /** A verdict of an external check came in. */
  CHECK_REPORTED,
  /** A webhook was created. */
  WEBHOOK_CREATED,
  /** A webhook was changed. */
  WEBHOOK_UPDATED,
  /** A webhook was deleted. */
  WEBHOOK_DELETED
}
