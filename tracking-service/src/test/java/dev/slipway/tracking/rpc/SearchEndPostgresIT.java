package dev.slipway.tracking.rpc;

import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.TestDatabases;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

class SearchEndPostgresIT extends SearchEndContract {
  @Override
  DatabaseConfig newDatabase() {
    return TestDatabases.postgres();
  }

  @Override
  List<String> tables() {
    return List.of("run", "experiment", "logged_model", "dataset_context", "metric_chunk");
  }

  /** Locks the table, so that whoever reads it waits. */
  @Override
  AutoCloseable stall(DatabaseConfig database, String table) throws SQLException {
    Connection connection =
        DriverManager.getConnection(database.url(), database.user(), database.password());
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      statement.execute("LOCK TABLE tracking." + table + " IN ACCESS EXCLUSIVE MODE");
    }
    return () -> {
      connection.rollback();
      connection.close();
    };
  }
}
