package dev.slipway.artifact.asset;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Says that a request id belongs to an earlier push of another kind. */
public final class RequestIdReusedException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure from the values concerned. */
  public RequestIdReusedException(String requestId) {
    super(
        ErrorKind.ALREADY_EXISTS,
        "REQUEST_ID_REUSED",
        "request_id " + requestId + " was used for a different request; choose a new one",
        Map.of("request_id", requestId));
  }
}
