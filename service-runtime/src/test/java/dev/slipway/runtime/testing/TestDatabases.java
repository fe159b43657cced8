package dev.slipway.runtime.testing;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.database.DatabaseConfig;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.UUID;

/**
 * Gives tests real databases: H2 in a file, and one PostgreSQL per JVM with a fresh database per
 * call. The migrations of the services on the class path have run in each, in the schema of their
 * service: they take longer than most tests, so each is a copy of one that was migrated before.
 */
public final class TestDatabases {
  private TestDatabases() {}

  /** Returns a fresh H2 database in a file below a folder that the caller owns. */
  public static DatabaseConfig h2(Path folder) {
    DatabaseConfig config = emptyH2(folder);
    try {
      Files.createDirectories(folder);
      // It is not, where no service has migrations.
      if (Files.exists(H2.TEMPLATE)) {
        Path unused = Files.copy(H2.TEMPLATE, file(config));
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot create a test database", e);
    }
    return config;
  }

  /** Returns an H2 database in a file that is not there yet, so that nothing has run in it. */
  public static DatabaseConfig emptyH2(Path folder) {
    return DatabaseConfig.h2File(folder.resolve(name()));
  }

  private static Path file(DatabaseConfig h2) {
    return Path.of(h2.place().substring("jdbc:h2:file:".length()) + ".mv.db");
  }

  /**
   * Returns a fresh database on this JVM's PostgreSQL, which starts with the first call and ends
   * with the JVM.
   */
  public static DatabaseConfig postgres() {
    return Postgres.create(Postgres.TEMPLATE);
  }

  private static void migrate(DatabaseConfig template) {
    for (String service : Migrations.services()) {
      Database.open(template, service, Migrations.FOLDER + service, new MetricRegistry()).close();
    }
  }

  private static String name() {
    return "test_" + UUID.randomUUID().toString().replace("-", "");
  }

  private static final class H2 {
    static final Path TEMPLATE = make();

    private static Path make() {
      try {
        Path folder = Files.createTempDirectory("slipway-h2-");
        DatabaseConfig template = emptyH2(folder);
        migrate(template);
        folder.toFile().deleteOnExit();
        file(template).toFile().deleteOnExit();
        return file(template);
      } catch (IOException e) {
        throw new UncheckedIOException("cannot create a test database", e);
      }
    }
  }

  private static final class Postgres {
    private static final EmbeddedPostgres SERVER = start();
    static final String TEMPLATE = make();

    private static String make() {
      DatabaseConfig template = create("template1");
      migrate(template);
      return template.url().replaceAll(".*/(test_[0-9a-f]+).*", "$1");
    }

    private static DatabaseConfig create(String template) {
      String name = name();
      try (var connection = SERVER.getPostgresDatabase().getConnection();
          var statement = connection.createStatement()) {
        statement.execute("CREATE DATABASE " + name + " TEMPLATE " + template);
      } catch (SQLException e) {
        throw new IllegalStateException("cannot create a test database", e);
      }
      return new DatabaseConfig(
          SERVER.getJdbcUrl("postgres", name),
          "postgres",
          "postgres",
          DatabaseConfig.DEFAULT_POOL_SIZE);
    }

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
