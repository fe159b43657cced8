package dev.slipway.registry.actor;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that a request id belongs to an earlier call with a different request. */
public final class RequestIdReusedException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public RequestIdReusedException(IdempotencyKey key) {
    super(
        ErrorKind.ALREADY_EXISTS,
        "REQUEST_ID_REUSED",
        "request_id " + key.requestId() + " was used for a different request; choose a new one",
        Map.of("request_id", key.requestId()));
  }
}
