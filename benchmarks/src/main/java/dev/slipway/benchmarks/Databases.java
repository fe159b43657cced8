package dev.slipway.benchmarks;

import dev.slipway.runtime.database.DatabaseConfig;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;

/**
 * Gives a benchmark fresh databases that are as durable as in production: the PostgreSQL that tests
 * use syncs nothing unless it is told to. Not thread-safe.
 */
final class Databases implements AutoCloseable {
  private static final Map<String, String> DURABLE =
      Map.of("fsync", "on", "synchronous_commit", "on", "full_page_writes", "on");

  private final ScratchFolder folder;
  private EmbeddedPostgres postgres;
  private int created;

  Databases() throws IOException {
    this.folder = ScratchFolder.create();
  }

  /** Returns the settings of a new, empty database. */
  DatabaseConfig create(DatabaseKind kind) throws IOException, SQLException {
    String name = "benchmark_" + ++created;
    if (kind == DatabaseKind.H2) {
      return DatabaseConfig.h2File(folder.path().resolve(name));
    }
    if (postgres == null) {
      postgres = startPostgres();
    }
    try (Connection connection = postgres.getPostgresDatabase().getConnection();
        Statement statement = connection.createStatement()) {
      requireDurable(statement);
      statement.execute("CREATE DATABASE " + name);
    }
    return new DatabaseConfig(
        postgres.getJdbcUrl("postgres", name),
        "postgres",
        "postgres",
        DatabaseConfig.DEFAULT_POOL_SIZE);
  }

  /** Opens a plain connection to the tracking schema of a database, by the driver alone. */
  static Connection connect(DatabaseConfig config) throws SQLException {
    boolean postgres = config.url().startsWith("jdbc:postgresql:");
    String url = config.url() + (postgres ? "&reWriteBatchedInserts=true" : "");
    Connection connection = DriverManager.getConnection(url, config.user(), config.password());
    connection.setSchema("tracking");
    return connection;
  }

  private EmbeddedPostgres startPostgres() throws IOException {
    EmbeddedPostgres.Builder builder =
        EmbeddedPostgres.builder()
            .setDataDirectory(folder.path().resolve("postgres"))
            .setServerConfig("shared_buffers", "256MB")
            .setServerConfig("max_wal_size", "4GB");
    DURABLE.forEach(builder::setServerConfig);
    return builder.start();
  }

  private static void requireDurable(Statement statement) throws SQLException {
    for (String setting : DURABLE.keySet()) {
      try (ResultSet rows = statement.executeQuery("SHOW " + setting)) {
        rows.next();
        if (!rows.getString(1).equals("on")) {
          throw new IllegalStateException(setting + " is off: figures would mean nothing");
        }
      }
    }
  }

  @Override
  public void close() throws IOException {
    if (postgres != null) {
      postgres.close();
    }
    folder.close();
  }
}
