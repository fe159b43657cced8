package dev.slipway.serving.execution;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that nobody waits for an answer any more, so the model was not run. */
public final class ExpiredException extends ServiceException {
  private static final long serialVersionUID = 1L;

  private ExpiredException(ErrorKind kind, String reason, String message, String version) {
    super(kind, reason, message, Map.of("model_version", version));
  }

  /** Returns the failure of a request whose deadline passed. */
  public static ExpiredException deadline(String version) {
    return new ExpiredException(
        ErrorKind.DEADLINE_EXCEEDED,
        "DEADLINE_EXCEEDED",
        "the deadline passed before " + version + " ran",
        version);
  }

  /** Returns the failure of a request whose caller gave up. */
  public static ExpiredException cancelled(String version) {
    return new ExpiredException(
        ErrorKind.CANCELLED, "CANCELLED", "the caller gave up before " + version + " ran", version);
  }
}
