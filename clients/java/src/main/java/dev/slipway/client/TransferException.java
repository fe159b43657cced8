package dev.slipway.client;

import io.grpc.Status;
import java.io.IOException;

/**
 * Says that a transfer was given up: the service refused it, or was away for too long, or bytes
 * were damaged.
 */
public final class TransferException extends IOException {
  private static final long serialVersionUID = 1L;

  private final Status.Code code;

  TransferException(String message, Status.Code code, Throwable cause) {
    super(message, cause);
    this.code = code;
  }

  /**
   * Returns gRPC's name for the reason, e.g. {@code NOT_FOUND}; {@code DATA_LOSS} for damaged
   * bytes.
   */
  public Status.Code code() {
    return code;
  }
}
