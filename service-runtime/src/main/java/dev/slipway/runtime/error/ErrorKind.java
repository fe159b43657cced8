package dev.slipway.runtime.error;

/** Names why a call failed, in the vocabulary of gRPC's status codes but free of gRPC types. */
public enum ErrorKind {
  /** The request is malformed, whatever the state of the server. */
  INVALID_ARGUMENT,
  /** The thing named does not exist. */
  NOT_FOUND,
  /** The thing to be created exists. */
  ALREADY_EXISTS,
  /** The request is right but the thing is not in a state that allows it. */
  FAILED_PRECONDITION,
  /** A race was lost: repeat the whole read-modify-write. */
  ABORTED,
  /** The request points beyond what exists: a sequence number, an offset. */
  OUT_OF_RANGE,
  /** A bound of the server is reached: retry later, or ask for less. */
  RESOURCE_EXHAUSTED,
  /** A dependency is away or the server is stopping: the same call may succeed later. */
  UNAVAILABLE,
  /** The caller's deadline passed before the work was done. */
  DEADLINE_EXCEEDED,
  /** The caller went away. */
  CANCELLED,
  /** The caller may not do this. */
  PERMISSION_DENIED,
  /** The server does not offer this. */
  UNIMPLEMENTED,
  /** Stored bytes are lost or do not match their digest. */
  DATA_LOSS,
  /** A defect of the server. */
  INTERNAL
}
