package dev.slipway.client;

import io.grpc.Status;

/**
 * Says that metrics were not acknowledged: the service refused them for good, or did not answer in
 * time.
 */
public final class MetricStreamException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final Status.Code code;

  MetricStreamException(String message, Status.Code code, Throwable cause) {
    super(message, cause);
    this.code = code;
  }

  /**
   * Returns gRPC's name for the reason, e.g. {@code NOT_FOUND}; {@code DEADLINE_EXCEEDED} for no
   * answer in time.
   */
  public Status.Code code() {
    return code;
  }
}
