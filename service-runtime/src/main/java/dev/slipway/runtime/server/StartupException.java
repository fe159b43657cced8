package dev.slipway.runtime.server;

/**
 * Says in one line why a server cannot start and what to do about it; shown to the operator without
 * a stack trace.
 */
public final class StartupException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure from a line that needs no further explanation. */
  public StartupException(String message) {
    super(message);
  }

  /** Creates the failure with its cause. */
  public StartupException(String message, Throwable cause) {
    super(message, cause);
  }

  /** Returns the failure to listen on a port. */
  public static StartupException cannotListen(
      String purpose, String host, int port, String option, Throwable cause) {
    Throwable root = cause;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    String why =
        root instanceof java.net.BindException
                && String.valueOf(root.getMessage()).contains("in use")
            ? "is in use"
            : "cannot be opened (" + root.getMessage() + ")";
    return new StartupException(
        "%s port %d on %s %s: stop the process that holds it or choose another with %s"
            .formatted(purpose, port, host, why, option),
        cause);
  }
}
