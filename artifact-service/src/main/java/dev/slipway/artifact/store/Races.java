package dev.slipway.artifact.store;

import dev.slipway.runtime.database.Database;
import java.sql.SQLException;
import java.util.Set;
import java.util.function.Predicate;
import org.jdbi.v3.core.HandleCallback;
import org.jdbi.v3.core.JdbiException;

/**
 * Runs transactions that insert what they found to be absent, or refer to what they found to be
 * there. When another transaction was faster, the whole is run again and finds it as it is now.
 * Stateless.
 */
final class Races {
  private static final int MAX_ATTEMPTS = 10;
  // Unique violation, foreign key violation, and H2's own code for the latter.
  private static final Set<String> LOST = Set.of("23505", "23503", "23506");

  private Races() {}

  /** Runs a transaction. */
  static <T> T write(Database database, HandleCallback<T, RuntimeException> work) {
    return write(database, work, Races::isLost);
  }

  /** Runs a transaction, also again when a collection took what it found. */
  static <T> T writeAgainstCollection(Database database, HandleCallback<T, RuntimeException> work) {
    return write(database, work, e -> isLost(e) || e instanceof ContentRemovedException);
  }

  private static <T> T write(
      Database database,
      HandleCallback<T, RuntimeException> work,
      Predicate<RuntimeException> isLost) {
    for (int attempt = 1; ; attempt++) {
      try {
        return database.write(work);
      } catch (JdbiException | ContentRemovedException e) {
        if (attempt == MAX_ATTEMPTS || !isLost.test(e)) {
          throw e;
        }
      }
    }
  }

  private static boolean isLost(Throwable failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t instanceof SQLException sql) {
        return sql.getSQLState() != null && LOST.contains(sql.getSQLState());
      }
    }
    return false;
  }
}
