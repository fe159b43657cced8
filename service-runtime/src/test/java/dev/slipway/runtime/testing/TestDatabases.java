package dev.slipway.runtime.testing;

import dev.slipway.runtime.database.DatabaseConfig;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.UUID;

/**
 * Gives tests real databases: H2 in a file, and one PostgreSQL per JVM with a fresh database per
 * call.
 */
public final class TestDatabases {
  private TestDatabases() {}

  /** Returns a fresh H2 database in a file below a folder that the caller owns. */
  public static DatabaseConfig h2(Path folder) {
    return DatabaseConfig.h2File(folder.resolve(name()));
  }

  /**
   * Returns a fresh database on this JVM's PostgreSQL, which starts with the first call and ends
   * with the JVM.
   */
  public static DatabaseConfig postgres() {
    String name = name();
    EmbeddedPostgres server = Postgres.SERVER;
    try (var connection = server.getPostgresDatabase().getConnection();
        var statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE " + name);
    } catch (SQLException e) {
      throw new IllegalStateException("cannot create a test database", e);
    }
    return new DatabaseConfig(
        server.getJdbcUrl("postgres", name),
        "postgres",
        "postgres",
        DatabaseConfig.DEFAULT_POOL_SIZE);
  }

  private static String name() {
    return "test_" + UUID.randomUUID().toString().replace("-", "");
  }

  private static final class Postgres {
    static final EmbeddedPostgres SERVER = start();

    private static EmbeddedPostgres start() {
      try {
        EmbeddedPostgres server =
            EmbeddedPostgres.builder()
                .setServerConfig("max_connections", "200")
                .setServerConfig("shared_buffers", "64MB")
                .start();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> close(server)));
        return server;
      } catch (IOException e) {
        throw new UncheckedIOException("the embedded PostgreSQL does not start", e);
      }
    }

    private static void close(EmbeddedPostgres server) {
      try {
        server.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
