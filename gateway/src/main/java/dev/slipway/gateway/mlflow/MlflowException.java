package dev.slipway.gateway.mlflow;

/** Is an answer other than success, in MLflow's words. */
final class MlflowException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorCode code;
  private final int httpStatus;

  MlflowException(ErrorCode code, String message) {
    this(code, code.httpStatus(), message);
  }

  /** Creates the answer with a status that says more than the one its code usually has. */
  MlflowException(ErrorCode code, int httpStatus, String message) {
    super(message, null, false, false);
    this.code = code;
    this.httpStatus = httpStatus;
  }

  /** Refuses a value that is there but cannot be taken. */
  static MlflowException invalidValue(String field, String jsonValue, String problem) {
    return new MlflowException(
        ErrorCode.INVALID_PARAMETER_VALUE,
        "Invalid value " + jsonValue + " for parameter '" + field + "' supplied: " + problem);
  }

  /** Refuses a request that lacks a value. */
  static MlflowException missing(String field) {
    return new MlflowException(
        ErrorCode.INVALID_PARAMETER_VALUE, "Missing value for required parameter '" + field + "'.");
  }

  ErrorCode code() {
    return code;
  }

  int httpStatus() {
    return httpStatus;
  }
}
