package dev.slipway.runtime.database;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.time.Duration;
import java.util.Map;

/** Reports that a search ended before it had its answer. */
public final class SearchEndedException extends ServiceException {
  private static final long serialVersionUID = 1L;

  private SearchEndedException(ErrorKind kind, String reason, String message) {
    super(kind, reason, message, Map.of());
  }

  static SearchEndedException deadlinePassed() {
    return new SearchEndedException(
        ErrorKind.DEADLINE_EXCEEDED, "CALL_ENDED", "the caller's deadline passed");
  }

  static SearchEndedException cancelled() {
    return new SearchEndedException(ErrorKind.CANCELLED, "CALL_ENDED", "the caller went away");
  }

  static SearchEndedException tooSlow(Duration timeout) {
    return new SearchEndedException(
        ErrorKind.DEADLINE_EXCEEDED,
        "SEARCH_TIMEOUT",
        "the search took longer than "
            + timeout.toMillis() / 1000.0
            + " s, which is the most that this server lets one take; ask for less at once");
  }
}
