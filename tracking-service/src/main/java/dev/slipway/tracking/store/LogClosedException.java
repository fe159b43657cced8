package dev.slipway.tracking.store;

/**
 * Reports that a process' metric log was forgotten, because it was quiet for long: open another
 * one.
 */
public final class LogClosedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  LogClosedException(long logId) {
    super("metric log " + logId + " was closed");
  }
}
