package dev.slipway.runtime.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.error.ErrorKind;
import io.grpc.Context;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;
import org.jdbi.v3.sqlobject.customizer.Define;
import org.jdbi.v3.sqlobject.statement.SqlBatch;
import org.jdbi.v3.sqlobject.statement.SqlQuery;
import org.jdbi.v3.sqlobject.statement.SqlUpdate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every database must do; subclasses name the database. */
abstract class DatabaseContract {
  private DatabaseConfig config;
  private Database database;
  private MetricRegistry metrics;

  abstract DatabaseConfig config();

  /** Returns a query that takes longer than any test waits. */
  abstract String endlessQuery();

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
    return open(schema, config);
  }

  private Database open(String schema, DatabaseConfig settings) {
    metrics = new MetricRegistry();
    return Database.open(settings, schema, "db/migration/sample", metrics);
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

  /** Is a search's way of running one statement. */
  private interface Endless {
    long run(Handle handle, String sql);
  }

  /** A statement made of an interface, as the stores have them. */
  interface CountDao {
    @SqlQuery("<sql>")
    long count(@Define("sql") String sql);
  }

  private static final Endless PLAIN =
      (handle, sql) -> handle.createQuery(sql).mapTo(Long.class).one();

  private static final Endless BY_DAO = (handle, sql) -> handle.attach(CountDao.class).count(sql);

  private void awaitConnectionsAtWork(int count) {
    Gauge<?> active = (Gauge<?>) metrics.getMetrics().get("sample.pool.ActiveConnections");
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!active.getValue().equals(count)) {
      assertThat(System.nanoTime()).as("in time").isLessThan(deadline);
      Thread.onSpinWait();
    }
  }

  private void assertEnds(Context caller, Endless endless, ErrorKind kind, String reason) {
    assertThatThrownBy(
            () -> caller.run(() -> database.search(handle -> endless.run(handle, endlessQuery()))))
        .isInstanceOfSatisfying(
            SearchEndedException.class,
            e -> {
              assertThat(e.kind()).isEqualTo(kind);
              assertThat(e.reason()).isEqualTo(reason);
            });
  }

  @Test
  void search_returnsWhatItRead() {
    database.write(handle -> insert(handle, 1, "kept"));

    long found = database.search(handle -> PLAIN.run(handle, "SELECT count(*) FROM note"));
    assertThat(found).isEqualTo(1);
  }

  @Test
  void search_whoseCallerGoesAway_endsAndTheConnectionsAreUsable() throws Exception {
    database.write(handle -> insert(handle, 1, "kept"));
    ExecutorService threads = Executors.newFixedThreadPool(2);
    for (Endless endless : List.of(PLAIN, BY_DAO, PLAIN, BY_DAO)) {
      Context.CancellableContext caller = Context.ROOT.withCancellation();
      Runnable search = () -> assertEnds(caller, endless, ErrorKind.CANCELLED, "CALL_ENDED");
      List<Future<?>> searches = List.of(threads.submit(search), threads.submit(search));
      awaitConnectionsAtWork(2);
      caller.cancel(null);
      for (Future<?> ended : searches) {
        ended.get(60, TimeUnit.SECONDS);
      }
      awaitConnectionsAtWork(0);
      for (int i = 0; i < config.poolSize(); i++) {
        assertThat(count()).isEqualTo(1);
      }
    }
    threads.shutdown();
    database.write(handle -> insert(handle, 2, "kept"));
    database.close();
    database = open("sample");
    assertThat(count()).isEqualTo(2);
  }

  @Test
  void search_ofACallerWhoIsGone_doesNotBegin() {
    Context.CancellableContext caller = Context.ROOT.withCancellation();
    caller.cancel(null);
    assertEnds(caller, PLAIN, ErrorKind.CANCELLED, "CALL_ENDED");
  }

  @Test
  void search_beyondItsCallersDeadline_ends() {
    ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    for (long millis : new long[] {1, 5, 50}) {
      Context caller = Context.ROOT.withDeadlineAfter(millis, TimeUnit.MILLISECONDS, timer);
      assertEnds(caller, BY_DAO, ErrorKind.DEADLINE_EXCEEDED, "CALL_ENDED");
    }
    timer.shutdown();
    assertThat(count()).isZero();
  }

  @Test
  void search_ofACallerWithoutDeadline_takesNoLongerThanIsAllowed() {
    database.close();
    database = open("sample", config.withSearchTimeout(Duration.ofMillis(50)));
    assertEnds(Context.ROOT, PLAIN, ErrorKind.DEADLINE_EXCEEDED, "SEARCH_TIMEOUT");
    assertThat(count()).isZero();
  }

  @Test
  void closedDatabase_saysThatItDoesNotAnswer() {
    database.close();
    assertThatThrownBy(() -> database.search(handle -> PLAIN.run(handle, "SELECT 1")))
        .isInstanceOf(DatabaseException.class);
    assertThatThrownBy(() -> database.read(handle -> PLAIN.run(handle, "SELECT 1")))
        .isInstanceOf(DatabaseException.class);
  }

  @Test
  void answers_whileOpenAndNotAfterwards() {
    assertThat(database.answers()).isTrue();

    database.close();

    assertThat(database.answers()).isFalse();
  }

  /** Is a SQL object with each kind of method that services use. */
  interface NoteDao {
    @SqlUpdate("INSERT INTO note (id, text) VALUES (:id, :text)")
    void insert(long id, String text);

    @SqlBatch("INSERT INTO note (id, text) VALUES (:id, :text)")
    void insertAll(List<Long> id, String text);

    @SqlQuery("SELECT text FROM note WHERE id = :id")
    Optional<String> text(long id);

    @SqlQuery("SELECT id FROM note ORDER BY id")
    List<Long> ids();
  }

  @Test
  void sqlObjects_workOnTheHandleThatTheyWereAttachedTo() {
    database.write(
        handle -> {
          NoteDao dao = handle.attach(NoteDao.class);
          dao.insert(1, "one");
          dao.insertAll(List.of(2L, 3L), "more");
          assertThat(dao).isNotEqualTo(handle.attach(NoteDao.class));
          assertThat(dao.toString()).contains("NoteDao");
          return handle.attach(NoteDao.class).ids();
        });
    assertThatThrownBy(
            () ->
                database.write(
                    handle -> {
                      NoteDao dao = handle.attach(NoteDao.class);
                      dao.insert(4, "four");
                      dao.insert(1, "again");
                      return null;
                    }))
        .isInstanceOf(UnableToExecuteStatementException.class);

    List<Long> ids = database.read(handle -> handle.attach(NoteDao.class).ids());
    Optional<String> text = database.read(handle -> handle.attach(NoteDao.class).text(3));

    assertThat(ids).containsExactly(1L, 2L, 3L);
    assertThat(text).contains("more");
  }
}
