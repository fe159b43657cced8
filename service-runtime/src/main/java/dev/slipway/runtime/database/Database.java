package dev.slipway.runtime.database;

import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.jdbi3.InstrumentedSqlLogger;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import io.grpc.Context;
import java.sql.SQLException;
import java.sql.SQLRecoverableException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.jdbi.v3.core.ConnectionException;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.HandleCallback;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jdbi.v3.core.statement.SqlStatements;
import org.jdbi.v3.sqlobject.SqlObjectPlugin;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Is a service's database: a pool, migrated to the newest version, with JDBI on top.
 *
 * <p>Every service owns one schema of it. {@link #write} returns only when the transaction is
 * durable: PostgreSQL syncs its log at commit by itself, H2 is told to after each commit, once for
 * all commits that wait. Thread-safe.
 */
public final class Database implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Database.class);

  private static final int MAX_ATTEMPTS = 12;
  private static final long FIRST_BACKOFF_NANOS = 2_000_000;
  private static final long MAX_BACKOFF_NANOS = 256_000_000;

  /** The state of a statement that was cancelled, in both databases. */
  private static final String CANCELED = "57014";

  private static final long CONNECTION_TIMEOUT_MILLIS = 10_000;

  /** To cancel a statement of PostgreSQL takes a connection of its own, which may take a while. */
  private static final int GUARD_THREADS = 2;

  /** What all services' databases have, in a folder for each kind of database. */
  private static final String RUNTIME_MIGRATIONS = "db/migration/runtime";

  private final HikariDataSource pool;
  private final Jdbi jdbi;
  private final Dialect dialect;
  private final Duration searchTimeout;
  private final ScheduledThreadPoolExecutor searchGuards;
  private final SharedFlush commitSync;

  private Database(HikariDataSource pool, Jdbi jdbi, DatabaseConfig config) {
    this.pool = pool;
    this.jdbi = jdbi;
    this.dialect = config.dialect();
    this.searchTimeout = config.searchTimeout();
    this.searchGuards = searchGuards(pool.getPoolName());
    this.commitSync =
        new SharedFlush(() -> jdbi.useHandle(handle -> handle.execute("CHECKPOINT SYNC")));
  }

  /**
   * Opens the pool and brings the schema up to date.
   *
   * @param schema the service's own schema, created when absent
   * @param migrations folder of migrations on the class path, such as {@code
   *     db/migration/tracking}; those for one database alone stand in a folder beside it, such as
   *     {@code db/migration/tracking-postgresql}
   * @param metrics receives pool gauges and a timer for every statement
   * @throws DatabaseException if the database does not answer, is in use by another process, or
   *     cannot be migrated
   */
  public static Database open(
      DatabaseConfig config, String schema, String migrations, MetricRegistry metrics) {
    Dialect dialect = config.dialect();
    HikariConfig hikari = new HikariConfig();
    hikari.setPoolName(schema);
    hikari.setJdbcUrl(config.url());
    if (!config.user().isEmpty()) {
      hikari.setUsername(config.user());
      hikari.setPassword(config.password());
    }
    hikari.setMaximumPoolSize(config.poolSize());
    hikari.setConnectionTimeout(CONNECTION_TIMEOUT_MILLIS);
    hikari.setMetricRegistry(metrics);
    if (dialect == Dialect.POSTGRESQL) {
      hikari.setSchema(schema);
      hikari.setInitializationFailTimeout(CONNECTION_TIMEOUT_MILLIS);
      hikari.addDataSourceProperty("reWriteBatchedInserts", "true");
      hikari.addDataSourceProperty("ApplicationName", "slipway-" + schema);
    } else {
      // A file that does not open now will not open in ten seconds.
      hikari.setInitializationFailTimeout(1);
      // H2 refuses to switch to a schema that is not there yet, and Hikari switches at connect.
      hikari.setConnectionInitSql(
          "CREATE SCHEMA IF NOT EXISTS " + schema + "; SET SCHEMA " + schema);
    }
    HikariDataSource pool;
    try {
      pool = new HikariDataSource(hikari);
    } catch (RuntimeException e) {
      throw new DatabaseException(reason(config, e), e);
    }
    try {
      Flyway.configure()
          .dataSource(pool)
          .schemas(schema)
          .defaultSchema(schema)
          .locations(locations(migrations, dialect))
          .failOnMissingLocations(true)
          .load()
          .migrate();
    } catch (FlywayException e) {
      pool.close();
      throw new DatabaseException(
          "cannot bring schema "
              + schema
              + " of "
              + config.place()
              + " up to date: "
              + e.getMessage(),
          e);
    }
    Jdbi jdbi = Jdbi.create(pool).installPlugin(new SqlObjectPlugin());
    LazySqlObjects.install(jdbi);
    jdbi.setSqlLogger(new InstrumentedSqlLogger(metrics));
    return new Database(pool, jdbi, config);
  }

  private static ScheduledThreadPoolExecutor searchGuards(String name) {
    ScheduledThreadPoolExecutor guards =
        new ScheduledThreadPoolExecutor(
            GUARD_THREADS,
            task -> {
              Thread thread = new Thread(task, name + "-search-guard");
              thread.setDaemon(true);
              return thread;
            });
    guards.setRemoveOnCancelPolicy(true);
    guards.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    return guards;
  }

  private static String[] locations(String migrations, Dialect dialect) {
    String suffix = "-" + dialect.name().toLowerCase(Locale.ROOT);
    return Stream.of(migrations, migrations + suffix, RUNTIME_MIGRATIONS + suffix)
        .filter(folder -> !folder.equals(migrations + suffix) || isOnClassPath(folder))
        .map(folder -> "classpath:" + folder)
        .toArray(String[]::new);
  }

  private static boolean isOnClassPath(String folder) {
    return Database.class.getClassLoader().getResource(folder) != null;
  }

  /** Returns JDBI, for what {@link #read} and {@link #write} do not cover. */
  public Jdbi jdbi() {
    return jdbi;
  }

  /** Returns the dialect. */
  public Dialect dialect() {
    return dialect;
  }

  /**
   * Runs queries on one connection, each seeing what was committed when it began.
   *
   * @throws DatabaseException if no connection is to be had in time
   */
  public <T> T read(HandleCallback<T, RuntimeException> work) {
    try {
      return jdbi.withHandle(work);
    } catch (JdbiException e) {
      throw translate(e);
    }
  }

  /**
   * Runs queries as {@link #read} does, for the caller of the current gRPC call: they end when its
   * deadline passes, when it goes away, and when they take longer than the configuration allows.
   * The connection is then free again.
   *
   * @throws SearchEndedException if the search ended before its time
   * @throws DatabaseException if no connection is to be had in time
   */
  public <T> T search(HandleCallback<T, RuntimeException> work) {
    try (SearchGuard guard = new SearchGuard(Context.current(), searchTimeout, searchGuards)) {
      guard.throwIfEnded();
      try {
        return jdbi.withHandle(handle -> search(handle, guard, work));
      } catch (JdbiException e) {
        guard.throwIfEnded();
        throw translate(e);
      }
    }
  }

  private <T> T search(Handle handle, SearchGuard guard, HandleCallback<T, RuntimeException> work) {
    handle.getConfig(SqlStatements.class).addCustomizer(guard);
    boolean answered = false;
    try {
      return work.withHandle(handle);
    } catch (JdbiException e) {
      answered = sqlCause(e).map(cause -> CANCELED.equals(cause.getSQLState())).orElse(false);
      throw e;
    } finally {
      guard.close();
      if (guard.wishMayBeLeft(answered)) {
        pool.evictConnection(handle.getConnection());
      }
    }
  }

  /**
   * Runs one transaction and returns once it is durable. Work that loses a race inside the database
   * (deadlock, serialization failure, lock timeout) is run again, so it must have no effect outside
   * the transaction.
   *
   * @throws DatabaseException if no connection is to be had in time; nothing is written
   * @throws DatabaseBusyException if it loses race after race; nothing is written
   * @throws CommitUncertainException if the transaction may or may not have been committed; it is
   *     not run again
   */
  public <T> T write(HandleCallback<T, RuntimeException> work) {
    T result = attempt(work);
    awaitDurable();
    return result;
  }

  /**
   * Returns once everything that was committed and visible before is durable. On PostgreSQL it is
   * by then.
   *
   * @throws CommitUncertainException if the flush failed
   */
  public void awaitDurable() {
    if (dialect == Dialect.H2) {
      try {
        commitSync.await();
      } catch (JdbiException e) {
        throw new CommitUncertainException(e);
      }
    }
  }

  private <T> T attempt(HandleCallback<T, RuntimeException> work) {
    long backoff = FIRST_BACKOFF_NANOS;
    for (int attempt = 1; ; attempt++) {
      AtomicBoolean committing = new AtomicBoolean();
      try {
        return jdbi.inTransaction(
            handle -> {
              committing.set(false);
              T result = work.withHandle(handle);
              committing.set(true);
              return result;
            });
      } catch (JdbiException e) {
        if (committing.get() && sqlCause(e).map(Database::connectionLost).orElse(false)) {
          throw new CommitUncertainException(e);
        }
        if (!lostRace(e)) {
          throw translate(e);
        }
        if (attempt == MAX_ATTEMPTS) {
          throw new DatabaseBusyException(e);
        }
        log.debug("attempt {} lost a race, trying again", attempt, e);
        LockSupport.parkNanos(backoff + ThreadLocalRandom.current().nextLong(backoff));
        backoff = Math.min(2 * backoff, MAX_BACKOFF_NANOS);
      }
    }
  }

  /**
   * Returns whether the database answers. A pool whose connections are all at work answers: its
   * callers will tell when it does not. Waits for at most the connection timeout of {@value
   * #CONNECTION_TIMEOUT_MILLIS} ms.
   */
  public boolean answers() {
    HikariPoolMXBean state = pool.isClosed() ? null : pool.getHikariPoolMXBean();
    if (state != null && state.getActiveConnections() >= pool.getMaximumPoolSize()) {
      return true;
    }
    try (var connection = pool.getConnection()) {
      return connection.isValid(1);
    } catch (SQLException e) {
      log.debug("database does not answer", e);
      return false;
    }
  }

  /** Closes the pool; an H2 file is then free for another process. */
  @Override
  public void close() {
    searchGuards.shutdown();
    pool.close();
  }

  private static RuntimeException translate(JdbiException failure) {
    Optional<SQLException> cause = sqlCause(failure);
    if (failure instanceof ConnectionException
        || (cause.isPresent() && connectionLost(cause.get()))) {
      return new DatabaseException("the database does not answer; try again later", failure);
    }
    return failure;
  }

  private static boolean connectionLost(SQLException e) {
    String state = e.getSQLState();
    // Class 08: connection exceptions; 57P: PostgreSQL is shutting down or starting; 53300: too
    // many connections.
    return e instanceof SQLTransientConnectionException
        || e instanceof SQLRecoverableException
        || (state != null
            && (state.startsWith("08") || state.startsWith("57P") || state.equals("53300")));
  }

  private static boolean lostRace(Throwable failure) {
    String state = sqlCause(failure).map(SQLException::getSQLState).orElse("");
    return switch (state == null ? "" : state) {
      case "40001",
          "40P01", // both: serialization failure, deadlock
          "HYT00",
          "90131" // H2: lock timeout, concurrent update
          ->
          true;
      default -> false;
    };
  }

  private static Optional<SQLException> sqlCause(Throwable failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      if (t instanceof SQLException sql) {
        return Optional.of(sql);
      }
    }
    return Optional.empty();
  }

  private static String reason(DatabaseConfig config, Throwable failure) {
    SQLException cause = sqlCause(failure).orElse(null);
    String place = config.place();
    if (cause != null && cause.getErrorCode() == org.h2.api.ErrorCode.DATABASE_ALREADY_OPEN_1) {
      return place + " is in use by another process";
    }
    return place
        + " does not open: "
        + (cause == null
            ? failure.getMessage()
            : cause.getMessage().lines().findFirst().orElse(""));
  }
}
