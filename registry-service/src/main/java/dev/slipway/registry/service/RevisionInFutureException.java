package dev.slipway.registry.service;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that a watcher wants to resume from a revision that this registry has not reached. */
public final class RevisionInFutureException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public RevisionInFutureException(long wanted, long present) {
    super(
        ErrorKind.OUT_OF_RANGE,
        "REVISION_IN_FUTURE",
        "revision %d is after the present one, %d: this is another registry or an older copy; start with a snapshot"
            .formatted(wanted, present),
        Map.of("from_revision", Long.toString(wanted), "revision", Long.toString(present)));
  }
}
