package dev.slipway.runtime.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.testing.TestDatabases;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.SqlLogger;
import org.jdbi.v3.core.statement.StatementContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatabaseH2Test extends DatabaseContract {
  private static final int WRITES = 200;

  @TempDir private Path folder;

  @Override
  DatabaseConfig config() {
    return TestDatabases.emptyH2(folder);
  }

  @Override
  String endlessQuery() {
    return "SELECT count(*) FROM system_range(1, 100000000) a, system_range(1, 100000000) b";
  }

  @Test
  void write_flushesAfterItsCommitAndReadDoesNot() {
    try (Database database =
        Database.open(config(), "sample", "db/migration/sample", new MetricRegistry())) {
      List<String> statements = new CopyOnWriteArrayList<>();
      database
          .jdbi()
          .setSqlLogger(
              new SqlLogger() {
                @Override
                public void logBeforeExecution(StatementContext context) {
                  statements.add(context.getRenderedSql());
                }
              });

      database.write(handle -> handle.execute("INSERT INTO note (id, text) VALUES (1, '')"));
      database.read(handle -> handle.select("SELECT id FROM note").mapTo(Long.class).list());

      assertThat(statements)
          .containsExactly(
              "INSERT INTO note (id, text) VALUES (1, '')",
              "CHECKPOINT SYNC",
              "SELECT id FROM note");
    }
  }

  /** What a killed process leaves is its file as it is, which a copy stands for. */
  @Test
  void write_isInTheFileWhenItReturns_alsoInSpaceThatWasUsedBefore() throws Exception {
    DatabaseConfig config = reusingSpaceAtOnce(folder.resolve("written"));
    try (Database database = open(config)) {
      database.write(handle -> handle.execute("INSERT INTO note (id, text) VALUES (1, '')"));
      for (int i = 1; i <= WRITES; i++) {
        String text = i + "x".repeat(i * 7_919 % 50_000);
        database.write(handle -> handle.execute("UPDATE note SET text = ? WHERE id = 1", text));
        if (i % 4 == 0) {
          Path copy = folder.resolve("copy" + i);
          copyOnceItStandsStill(
              folder.resolve("written.mv.db"), folder.resolve("copy" + i + ".mv.db"));
          assertThat(text(reusingSpaceAtOnce(copy))).isEqualTo(text);
        }
      }
    }
  }

  /** H2 tidies up in the background; half of that is in no file that a killed process leaves. */
  private static void copyOnceItStandsStill(Path from, Path to) throws IOException {
    do {
      Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
    } while (Files.mismatch(from, to) >= 0);
  }

  @Test
  void write_rowIsLockedByAnotherForTooLong_isUnavailableAndWritesNothing() {
    try (Database database = open(config())) {
      database.write(handle -> handle.execute("INSERT INTO note (id, text) VALUES (1, 'kept')"));
      AtomicInteger attempts = new AtomicInteger();
      try (Handle holder = database.jdbi().open()) {
        holder.begin();
        holder.execute("UPDATE note SET text = 'held' WHERE id = 1");

        assertThatThrownBy(
                () ->
                    database.write(
                        handle -> {
                          attempts.incrementAndGet();
                          handle.execute("SET LOCK_TIMEOUT 1");
                          return handle.execute("UPDATE note SET text = '' WHERE id = 1");
                        }))
            .isInstanceOfSatisfying(
                DatabaseBusyException.class,
                e -> assertThat(e.kind()).isEqualTo(ErrorKind.UNAVAILABLE));
        holder.rollback();
      }

      assertThat(attempts).hasValueGreaterThan(1);
      assertThat(text(database)).isEqualTo("kept");
    }
  }

  private static DatabaseConfig reusingSpaceAtOnce(Path file) {
    DatabaseConfig config = DatabaseConfig.h2File(file);
    return new DatabaseConfig(
        config.url() + ";RETENTION_TIME=0", config.user(), config.password(), config.poolSize());
  }

  private static Database open(DatabaseConfig config) {
    return Database.open(config, "sample", "db/migration/sample", new MetricRegistry());
  }

  private static String text(DatabaseConfig config) {
    try (Database database = open(config)) {
      return text(database);
    }
  }

  private static String text(Database database) {
    return database.read(
        handle -> handle.select("SELECT text FROM note").mapTo(String.class).one());
  }

  @Test
  void open_ofAFileThatCannotBe_isOneLineWithoutThePassword() {
    DatabaseConfig config =
        new DatabaseConfig("jdbc:h2:file:/dev/null/x;PASSWORD=hush", "sa", "hush", 2);

    assertThatThrownBy(
            () -> Database.open(config, "sample", "db/migration/sample", new MetricRegistry()))
        .isInstanceOf(DatabaseException.class)
        .hasMessageStartingWith("jdbc:h2:file:/dev/null/x does not open: ")
        .satisfies(e -> assertThat(e.getMessage().lines()).hasSize(1))
        .message()
        .doesNotContain("hush");
  }
}
