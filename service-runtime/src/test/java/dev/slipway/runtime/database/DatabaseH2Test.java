package dev.slipway.runtime.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.testing.TestDatabases;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jdbi.v3.core.statement.SqlLogger;
import org.jdbi.v3.core.statement.StatementContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatabaseH2Test extends DatabaseContract {
  @TempDir private Path folder;

  @Override
  DatabaseConfig config() {
    return TestDatabases.h2(folder);
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
