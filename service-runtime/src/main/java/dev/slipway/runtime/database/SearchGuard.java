package dev.slipway.runtime.database;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.grpc.Context;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jdbi.v3.core.statement.StatementContext;
import org.jdbi.v3.core.statement.StatementCustomizer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends the statements of one search when its caller goes away or it takes too long.
 *
 * <p>It asks the database to cancel what runs, which both databases answer by a failure of the
 * statement that leaves the connection as it was; a thread is never interrupted, since H2 would
 * close its file. While it asks, the statement cannot end, so that none that comes later on the
 * same connection is hit. Statements run on the searching thread, the rest comes from any.
 */
final class SearchGuard implements StatementCustomizer, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(SearchGuard.class);

  /** A statement that is about to run cannot be cancelled yet, hence again and again. */
  private static final long AGAIN_MILLIS = 20;

  private final Context caller;
  private final ScheduledExecutorService timer;
  private final Context.CancellationListener callerGone = context -> end(reason(context));
  private final Future<?> timeout;

  @GuardedBy("this")
  private Optional<PreparedStatement> running = Optional.empty();

  @GuardedBy("this")
  private Optional<SearchEndedException> ended = Optional.empty();

  @GuardedBy("this")
  private int timesAsked;

  @GuardedBy("this")
  private boolean closed;

  /**
   * Begins to watch.
   *
   * @param timer on which statements are cancelled, which may take a while
   * @throws DatabaseException if the timer is shut down, as it is when the database is closed
   */
  SearchGuard(Context caller, Duration most, ScheduledExecutorService timer) {
    this.caller = caller;
    this.timer = timer;
    try {
      this.timeout =
          timer.schedule(
              () -> end(SearchEndedException.tooSlow(most)),
              most.toMillis(),
              TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      throw new DatabaseException("the database is closed; try again later", e);
    }
    caller.addListener(callerGone, timer);
  }

  private static SearchEndedException reason(Context caller) {
    return caller.cancellationCause() instanceof TimeoutException
        ? SearchEndedException.deadlinePassed()
        : SearchEndedException.cancelled();
  }

  @Override
  public synchronized void beforeExecution(PreparedStatement statement, StatementContext context) {
    throwIfEnded();
    running = Optional.of(statement);
  }

  @Override
  public synchronized void afterExecution(PreparedStatement statement, StatementContext context) {
    running = Optional.empty();
  }

  /**
   * Returns why the search ended before its time.
   *
   * @throws SearchEndedException if it did
   */
  synchronized void throwIfEnded() {
    if (ended.isPresent()) {
      throw ended.get();
    }
    if (caller.isCancelled()) {
      throw reason(caller);
    }
  }

  private synchronized void end(SearchEndedException reason) {
    if (ended.isEmpty()) {
      ended = Optional.of(reason);
      cancelRunning();
    }
  }

  private synchronized void cancelRunning() {
    if (closed) {
      return;
    }
    if (running.isPresent()) {
      try {
        timesAsked++;
        running.get().cancel();
      } catch (SQLException e) {
        log.debug("a statement could not be cancelled", e);
      }
    }
    if (!timer.isShutdown()) {
      Future<?> unused = timer.schedule(this::cancelRunning, AGAIN_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  /**
   * Returns whether a wish to cancel may be left at the database, which would hit whatever its
   * connection runs next. To be asked once this is closed.
   *
   * @param answered whether a statement failed for having been cancelled, which uses up one wish
   */
  synchronized boolean wishMayBeLeft(boolean answered) {
    return timesAsked > (answered ? 1 : 0);
  }

  /** Watches no more. No statement is being cancelled when this returns. */
  @Override
  public void close() {
    timeout.cancel(false);
    caller.removeListener(callerGone);
    synchronized (this) {
      closed = true;
    }
  }
}
