package dev.slipway.registry.upstream;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that nobody waits for the answer any more, so that nothing was changed. */
public final class CallEndedException extends ServiceException {
  private static final long serialVersionUID = 1L;

  private CallEndedException(ErrorKind kind, String message) {
    super(kind, "CALL_ENDED", message, Map.of());
  }

  static CallEndedException deadlinePassed() {
    return new CallEndedException(
        ErrorKind.DEADLINE_EXCEEDED, "the caller's deadline passed; nothing was changed");
  }

  static CallEndedException cancelled() {
    return new CallEndedException(ErrorKind.CANCELLED, "the caller went away; nothing was changed");
  }
}
