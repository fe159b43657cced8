package dev.slipway.tracking.model;

/**
 * Says whether the artifacts of a logged model are complete. The numbers are stored; their meaning
 * never changes.
 */
public enum LoggedModelStatus {
  /** Being uploaded. */
  PENDING(1),
  /** Complete; final. */
  READY(2),
  /** Failed to be uploaded; final. */
  UPLOAD_FAILED(3);

  private final int code;

  LoggedModelStatus(int code) {
    this.code = code;
  }

  /** Returns the status with a stored number. */
  public static LoggedModelStatus of(int code) {
    for (LoggedModelStatus status : values()) {
      if (status.code == code) {
        return status;
      }
    }
    throw new IllegalArgumentException("no status of a logged model has the number " + code);
  }

  /** Returns the number that is stored. */
  public int code() {
    return code;
  }
}
