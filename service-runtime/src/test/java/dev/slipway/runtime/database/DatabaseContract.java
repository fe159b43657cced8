package dev.slipway.runtime.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every database must do; subclasses name the database. */
abstract class DatabaseContract {
  private DatabaseConfig config;
  private Database database;

  abstract DatabaseConfig config();

  @BeforeEach
  void open() {
    config = config();
    database = open("sample");
  }

  @AfterEach
  void close() {
    database.close();
  }

  private Database open(String schema) {
    return Database.open(config, schema, "db/migration/sample", new MetricRegistry());
  }

  private static int insert(Handle handle, long id, String text) {
    return handle.execute("INSERT INTO note (id, text) VALUES (?, ?)", id, text);
  }

  private long count() {
    return database.read(
        handle -> handle.createQuery("SELECT count(*) FROM note").mapTo(Long.class).one());
  }

  @Test
  void write_isThereAfterReopening() {
    database.write(handle -> insert(handle, 1, "kept"));
    database.close();

    database = open("sample");

    assertThat(count()).isEqualTo(1);
  }

  @Test
  void write_thatThrows_leavesNothing() {
    assertThatThrownBy(
            () ->
                database.write(
                    handle -> {
                      insert(handle, 1, "lost");
                      throw new IllegalStateException("no");
                    }))
        .hasMessage("no");

    assertThat(count()).isZero();
  }

  @Test
  void schemas_ofTwoServices_doNotSeeEachOther() {
    database.write(handle -> insert(handle, 1, "mine"));
    try (Database other = open("other")) {
      long theirs =
          other.read(
              handle -> handle.createQuery("SELECT count(*) FROM note").mapTo(Long.class).one());
      assertThat(theirs).isZero();
    }
  }

  @Test
  void write_deadlock_isRunAgainUntilBothSucceed() throws Exception {
    database.write(
        handle -> {
          insert(handle, 1, "");
          return insert(handle, 2, "");
        });
    CountDownLatch bothHoldOne = new CountDownLatch(2);
    ExecutorService threads = Executors.newFixedThreadPool(2);

    Future<?> forward = threads.submit(() -> appendToBoth(1, 2, bothHoldOne));
    Future<?> backward = threads.submit(() -> appendToBoth(2, 1, bothHoldOne));
    forward.get(60, TimeUnit.SECONDS);
    backward.get(60, TimeUnit.SECONDS);

    List<String> texts =
        database.read(
            handle ->
                handle.createQuery("SELECT text FROM note ORDER BY id").mapTo(String.class).list());
    assertThat(texts).containsExactly("xx", "xx");
    threads.shutdown();
  }

  private void appendToBoth(long first, long second, CountDownLatch bothHoldOne) {
    database.write(
        handle -> {
          append(handle, first);
          bothHoldOne.countDown();
          try {
            // Later attempts find the latch open.
            bothHoldOne.await(5, TimeUnit.SECONDS);
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
          return append(handle, second);
        });
  }

  private static int append(Handle handle, long id) {
    return handle.execute("UPDATE note SET text = text || 'x' WHERE id = ?", id);
  }

  @Test
  void answers_whileOpenAndNotAfterwards() {
    assertThat(database.answers()).isTrue();

    database.close();

    assertThat(database.answers()).isFalse();
  }
}
