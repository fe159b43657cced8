package dev.slipway.runtime.database;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/**
 * Reports that a transaction lost race after race against others that change the same; nothing is
 * written, and the same call may succeed later. Not ABORTED, which tells streams that another one
 * has taken their place.
 */
public final class DatabaseBusyException extends ServiceException {
  private static final long serialVersionUID = 1L;

  DatabaseBusyException(Throwable cause) {
    super(
        ErrorKind.UNAVAILABLE,
        "DATABASE_UNAVAILABLE",
        "too many calls at once change the same; try again later",
        Map.of(),
        cause);
  }
}
