package dev.slipway.client;

import io.grpc.Status;

/**
 * Says that something logged to a run was not delivered: the service refused it for good, or did
 * not answer in time, or there was no room to keep it.
 */
public final class TrackingException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final Status.Code code;

  TrackingException(String message, Status.Code code, Throwable cause) {
    super(message, cause);
    this.code = code;
  }

  /** Returns the exception for a call that the service has refused. */
  static TrackingException of(String what, Status status, Throwable cause) {
    String description = status.getDescription() == null ? "" : ": " + status.getDescription();
    return new TrackingException(
        what + " refused: " + status.getCode() + description, status.getCode(), cause);
  }

  /**
   * Returns gRPC's name for the reason: that of the service, e.g. {@code NOT_FOUND}; {@code
   * DEADLINE_EXCEEDED} for no answer in time; {@code RESOURCE_EXHAUSTED} for no room; {@code
   * OUT_OF_RANGE} when the service has other batches than were sent.
   */
  public Status.Code code() {
    return code;
  }
}
