package dev.slipway.runtime.server;

import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;

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
    if (root instanceof UnresolvedAddressException || root instanceof UnknownHostException) {
      return new StartupException(
          "%s is no address of this machine: choose another with --host".formatted(host), cause);
    }
    String said = String.valueOf(root.getMessage());
    if (said.contains("Cannot assign")) {
      return new StartupException(
          "%s is no address of this machine: choose another with --host".formatted(host), cause);
    }
    if (said.contains("ermission denied")) {
      return new StartupException(
          "%s port %d on %s may not be opened by this user: choose another with %s"
              .formatted(purpose, port, host, option),
          cause);
    }
    return new StartupException(
        "%s port %d on %s %s: stop the process that holds it or choose another with %s"
            .formatted(
                purpose,
                port,
                host,
                said.contains("in use") ? "is in use" : "cannot be opened (" + said + ")",
                option),
        cause);
  }
}
