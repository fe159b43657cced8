package dev.slipway.runtime.database;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that the database does not answer; the same call may succeed once it does. */
public final class DatabaseException extends ServiceException {
  private static final long serialVersionUID = 1L;

  DatabaseException(String message, Throwable cause) {
    super(ErrorKind.UNAVAILABLE, "DATABASE_UNAVAILABLE", message, Map.of(), cause);
  }
}
