package dev.slipway.runtime.database;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/**
 * Reports that the connection was lost, or the disk failed, while a transaction was being
 * committed: it may be there or not. Whoever repeats the work must find out first, or do something
 * that may be done twice.
 */
public final class CommitUncertainException extends ServiceException {
  private static final long serialVersionUID = 1L;

  CommitUncertainException(Throwable cause) {
    super(
        ErrorKind.UNAVAILABLE,
        "COMMIT_OUTCOME_UNKNOWN",
        "the database went away while it committed; look whether the change is there before you"
            + " repeat it",
        Map.of(),
        cause);
  }
}
