package dev.slipway.tracking.run;

/** Is the state of a run's execution. The numbers are stored; their meaning never changes. */
public enum RunStatus {
  /** Executing. */
  RUNNING(1, false),
  /** Waits to be executed. */
  SCHEDULED(2, false),
  /** Ended well. */
  FINISHED(3, true),
  /** Ended by an error. */
  FAILED(4, true),
  /** Ended by somebody. */
  KILLED(5, true);

  private final int code;
  private final boolean terminal;

  RunStatus(int code, boolean terminal) {
    this.code = code;
    this.terminal = terminal;
  }

  /** Returns the status with a stored number. */
  public static RunStatus of(int code) {
    for (RunStatus status : values()) {
      if (status.code == code) {
        return status;
      }
    }
    throw new IllegalArgumentException("no run status has the number " + code);
  }

  /** Returns the number that is stored. */
  public int code() {
    return code;
  }

  /** Returns whether the execution has ended. */
  public boolean isTerminal() {
    return terminal;
  }
}
