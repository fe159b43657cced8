package dev.slipway.gateway.mlflow;

/**
 * Names the errors of MLflow's REST interface with the HTTP status that carries each.
 *
 * <p>Clients retry 408, 429 and every 5xx for minutes, so a caller's mistake is never one of those.
 */
public enum ErrorCode {
  BAD_REQUEST(400),
  INVALID_PARAMETER_VALUE(400),
  RESOURCE_ALREADY_EXISTS(400),
  UNAUTHENTICATED(401),
  PERMISSION_DENIED(403),
  ENDPOINT_NOT_FOUND(404),
  RESOURCE_DOES_NOT_EXIST(404),
  ABORTED(409),
  RESOURCE_EXHAUSTED(429),
  CANCELLED(499),
  DATA_LOSS(500),
  INTERNAL_ERROR(500),
  NOT_IMPLEMENTED(501),
  TEMPORARILY_UNAVAILABLE(503),
  DEADLINE_EXCEEDED(504);

  private final int httpStatus;

  ErrorCode(int httpStatus) {
    this.httpStatus = httpStatus;
  }

  /** Returns the HTTP status that usually carries it. */
  public int httpStatus() {
    return httpStatus;
  }
}
