package dev.slipway.tracking.rpc;

import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.TestDatabases;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;

class SearchEndH2Test extends SearchEndContract {
  @TempDir private Path folder;

  @Override
  DatabaseConfig newDatabase() {
    return TestDatabases.h2(folder);
  }

  @Override
  List<String> tables() {
    // Folds and compactions read those of metrics on their own, and nobody ends them.
    return List.of("run", "experiment", "logged_model", "dataset_context");
  }

  /** Puts a view in the table's place, which looks through more rows than anybody waits for. */
  @Override
  AutoCloseable stall(DatabaseConfig database, String table) throws SQLException {
    String inner = table + "_stalled";
    execute(
        database,
        "ALTER TABLE tracking." + table + " RENAME TO " + inner,
        "CREATE VIEW tracking."
            + table
            + " AS SELECT t.* FROM tracking."
            + inner
            + " t, (SELECT count(*) AS rows_read"
            + " FROM system_range(1, 100000000) a, system_range(1, 100000000) b) n"
            + " WHERE n.rows_read > 0");
    return () ->
        execute(
            database,
            "DROP VIEW tracking." + table,
            "ALTER TABLE tracking." + inner + " RENAME TO " + table);
  }

  private static void execute(DatabaseConfig database, String... commands) throws SQLException {
    try (Connection connection =
            DriverManager.getConnection(database.url(), database.user(), database.password());
        Statement statement = connection.createStatement()) {
      for (String command : commands) {
        statement.execute(command);
      }
    }
  }
}
