package dev.slipway.gateway.mlflow;

/** Is an answer other than success, in MLflow's words. */
public final class MlflowException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorCode code;
  private final int httpStatus;

  /** Creates the answer with the status that its code has. */
  public MlflowException(ErrorCode code, String message) {
    this(code, code.httpStatus(), message);
  }

  /** Creates the answer with a status that says more than the one its code usually has. */
  public MlflowException(ErrorCode code, int httpStatus, String message) {
    super(message, null, false, false);
    this.code = code;
    this.httpStatus = httpStatus;
  }

  /** Answers that something does not exist. */
  public static MlflowException absent(String message) {
    return new MlflowException(ErrorCode.RESOURCE_DOES_NOT_EXIST, message);
  }

  /** Answers that the caller cannot have that. */
  public static MlflowException refused(String message) {
    return new MlflowException(ErrorCode.INVALID_PARAMETER_VALUE, message);
  }

  /** Refuses a value that is there but cannot be taken. */
  static MlflowException invalidValue(String field, String jsonValue, String problem) {
    return refused(
        "Invalid value " + jsonValue + " for parameter '" + field + "' supplied: " + problem);
  }

  /** Refuses a request that lacks a value. */
  public static MlflowException missing(String field) {
    return refused("Missing value for required parameter '" + field + "'.");
  }

  ErrorCode code() {
    return code;
  }

  int httpStatus() {
    return httpStatus;
  }
}
