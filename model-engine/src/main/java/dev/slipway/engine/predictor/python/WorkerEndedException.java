package dev.slipway.engine.predictor.python;

/** A worker ended before it answered. The message says how. */
final class WorkerEndedException extends Exception {

  private static final long serialVersionUID = 1L;

  private final boolean stopped;

  /**
   * Creates the exception.
   *
   * @param stopped whether it was stopped for what it did, and did not end by itself
   */
  WorkerEndedException(String message, boolean stopped) {
    super(message);
    this.stopped = stopped;
  }

  boolean stopped() {
    return stopped;
  }
}
