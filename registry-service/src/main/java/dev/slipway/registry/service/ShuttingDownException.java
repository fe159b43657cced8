package dev.slipway.registry.service;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that a stream ends because the server stops. */
public final class ShuttingDownException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public ShuttingDownException() {
    super(
        ErrorKind.UNAVAILABLE,
        "SHUTTING_DOWN",
        "the server is shutting down; resume from the last revision on another one",
        Map.of());
  }
}
