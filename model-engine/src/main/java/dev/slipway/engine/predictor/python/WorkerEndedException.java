package dev.slipway.engine.predictor.python;

/** A worker ended before it answered. The message says how. */
final class WorkerEndedException extends Exception {

  private static final long serialVersionUID = 1L;

  private final boolean stopped;
  private final boolean killed;

  /**
   * Creates the exception.
   *
   * @param stopped whether it was stopped for what this exchange did, and did not end by itself
   * @param killed whether somebody ended it, the server or the system
   */
  WorkerEndedException(String message, boolean stopped, boolean killed) {
    super(message);
    this.stopped = stopped;
    this.killed = killed;
  }

  boolean stopped() {
    return stopped;
  }

  boolean killed() {
    return killed;
  }
}
