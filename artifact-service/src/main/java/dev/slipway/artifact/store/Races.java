package dev.slipway.artifact.store;

import dev.slipway.runtime.database.Database;
import java.sql.SQLException;
import org.jdbi.v3.core.HandleCallback;
import org.jdbi.v3.core.JdbiException;

/**
 * Runs transactions that insert what they found to be absent. When another transaction was faster,
 * the whole is run again and finds it there. Stateless.
 */
final class Races {
  private static final int MAX_ATTEMPTS = 10;
  private static final String UNIQUE_VIOLATION = "23505";

  private Races() {}

  static <T> T write(Database database, HandleCallback<T, RuntimeException> work) {
    for (int attempt = 1; ; attempt++) {
      try {
        return database.write(work);
      } catch (JdbiException e) {
        if (attempt == MAX_ATTEMPTS || !isUniqueViolation(e)) {
          throw e;
        }
      }
    }
  }

  private static boolean isUniqueViolation(Throwable failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t instanceof SQLException sql) {
        return UNIQUE_VIOLATION.equals(sql.getSQLState());
      }
    }
    return false;
  }
}
