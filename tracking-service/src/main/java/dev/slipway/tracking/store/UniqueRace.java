package dev.slipway.tracking.store;

import java.sql.SQLException;
import java.util.function.Supplier;
import org.jdbi.v3.core.JdbiException;

/**
 * Repeats transactions that lost a race for a unique key.
 *
 * <p>A transaction that looks first and then inserts can be beaten in between; PostgreSQL then
 * fails it. Done again it sees the winner's row and answers as if it had come second all along.
 */
final class UniqueRace {
  private static final int MAX_ATTEMPTS = 10;
  private static final String UNIQUE_VIOLATION = "23505";

  private UniqueRace() {}

  static <T> T run(Supplier<T> transaction) {
    for (int attempt = 1; ; attempt++) {
      try {
        return transaction.get();
      } catch (JdbiException e) {
        if (attempt == MAX_ATTEMPTS || !isUniqueViolation(e)) {
          throw e;
        }
      }
    }
  }

  private static boolean isUniqueViolation(Throwable failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t instanceof SQLException sql && UNIQUE_VIOLATION.equals(sql.getSQLState())) {
        return true;
      }
    }
    return false;
  }
}
