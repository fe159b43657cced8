package dev.slipway.serving.execution;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that nobody waits for an answer any more. */
public final class ExpiredException extends ServiceException {
  private static final long serialVersionUID = 1L;

  private ExpiredException(ErrorKind kind, String reason, String message, String version) {
    super(kind, reason, message, Map.of("model_version", version));
  }

  /** Returns the failure of a request whose deadline passed before the model was run. */
  public static ExpiredException deadline(String version) {
    return deadline("before " + version + " ran", version);
  }

  /** Returns the failure of a request whose deadline passed while the model ran elsewhere. */
  static ExpiredException deadlineOfCall(String version) {
    return deadline("while " + version + " ran", version);
  }

  private static ExpiredException deadline(String when, String version) {
    return new ExpiredException(
        ErrorKind.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", "the deadline passed " + when, version);
  }

  /** Returns the failure of a request whose caller gave up. */
  public static ExpiredException cancelled(String version) {
    return new ExpiredException(
        ErrorKind.CANCELLED, "CANCELLED", "the caller gave up before " + version + " ran", version);
  }
}
