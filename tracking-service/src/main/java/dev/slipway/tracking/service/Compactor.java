package dev.slipway.tracking.service;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.Meter;
import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.Timer;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.store.ChunkStore;
import dev.slipway.tracking.store.ChunkStore.Folds;
import dev.slipway.tracking.store.ChunkStore.Pass;
import dev.slipway.tracking.store.CommitResult.Appended;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes chunks of segments in the background: of runs with a long tail, of those that ended, of
 * those that fell silent, and of those that a process left behind when it died.
 *
 * <p>One thread makes one pass after the other, each bounded in points. While writes wait it rests
 * after each pass, so that whoever writes goes first. Thread-safe.
 */
public final class Compactor implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Compactor.class);

  /** How many runs to look at per round for what nobody remembers. */
  private static final int LOOKS_PER_ROUND = 500;

  /** While writes wait, rests this many times as long as the pass before took. */
  private static final int REST_FACTOR = 3;

  private static final long MAX_REST_MILLIS = 2_000;
  private static final long NANOS_BETWEEN_LOOKS = TimeUnit.MINUTES.toNanos(5);
  private static final String TAIL_POINTS = "tracking.compaction.tail-points";
  private static final String TAIL_RUNS = "tracking.compaction.tail-runs";

  private final ChunkStore store;
  private final LatestFolder folder;
  private final CompactionConfig config;
  private final BooleanSupplier writesWait;
  private final Tails tails;
  private final MetricRegistry metrics;
  private final Timer passTimer;
  private final Meter pointMeter;
  private final Meter failureMeter;
  private final Thread thread;

  /** The run that was looked at last; only the compactor's thread uses these two. */
  private RunId lookedAt = ChunkStore.BEFORE_ALL;

  private long nextLookNanos = System.nanoTime();

  @GuardedBy("this")
  private boolean closed;

  /**
   * Creates a compactor that is not started.
   *
   * @param writesWait says whether writes wait at this moment
   */
  Compactor(
      ChunkStore store,
      LatestFolder folder,
      CompactionConfig config,
      BooleanSupplier writesWait,
      MetricRegistry metrics) {
    this.store = store;
    this.folder = folder;
    this.config = config;
    this.writesWait = writesWait;
    this.tails = new Tails(config);
    this.metrics = metrics;
    this.passTimer = metrics.timer("tracking.compaction.passes");
    this.pointMeter = metrics.meter("tracking.compaction.points");
    this.failureMeter = metrics.meter("tracking.compaction.failures");
    this.thread = new Thread(this::run, "tracking-compactor");
    thread.setDaemon(true);
  }

  void start() {
    metrics.gauge(TAIL_POINTS, () -> (Gauge<Long>) tails::points);
    metrics.gauge(TAIL_RUNS, () -> (Gauge<Integer>) tails::runs);
    thread.start();
  }

  /** Notes what a commit appended. Quick: the committer calls it. */
  void appended(Map<RunId, Appended> appended) {
    tails.appended(appended);
  }

  /** Notes that a run has ended, so that what there is of it becomes chunks. */
  void ended(RunId run) {
    tails.ended(run);
  }

  /** Ends the thread after the pass under way. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    metrics.remove(TAIL_POINTS);
    metrics.remove(TAIL_RUNS);
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        // Whoever closes this goes on to close the database, which the pass under way still needs.
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    Optional<Folds> older = Optional.empty();
    while (true) {
      Optional<Folds> newer = folds();
      long begun = System.nanoTime();
      older.ifPresent(this::round);
      // What was folded before this round began is old enough when the next one begins.
      older = newer;
      long restMillis =
          config.grace().toMillis() - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun);
      if (!rest(restMillis)) {
        return;
      }
    }
  }

  private Optional<Folds> folds() {
    try {
      return Optional.of(store.folds());
    } catch (RuntimeException | Error e) {
      failed(e);
      return Optional.empty();
    }
  }

  private void failed(Throwable e) {
    failureMeter.mark();
    log.warn("segments could not be made into chunks; trying again later", e);
  }

  /** Compacts what is due, as far as it was folded at some moment, until that is done. */
  private void round(Folds folds) {
    try {
      look();
    } catch (RuntimeException | Error e) {
      failed(e);
      return;
    }
    for (RunId run : tails.due()) {
      try {
        if (!compact(run, folds)) {
          return;
        }
      } catch (RuntimeException | Error e) {
        failed(e);
        // The next look finds it again.
        tails.drop(run);
        if (e instanceof ServiceException known && known.kind() == ErrorKind.UNAVAILABLE) {
          return;
        }
      }
    }
  }

  /**
   * Looks through the runs that have segments, some in each round, for tails that no process
   * remembers.
   */
  private void look() {
    if (System.nanoTime() - nextLookNanos < 0) {
      return;
    }
    if (lookedAt.equals(ChunkStore.BEFORE_ALL)) {
      // Only what is folded may be compacted, and a process that died does not fold any more.
      folder.foldAll();
    }
    for (int i = 0; i < LOOKS_PER_ROUND; i++) {
      Optional<RunId> run = store.nextRunWithSegments(lookedAt);
      if (run.isEmpty()) {
        lookedAt = ChunkStore.BEFORE_ALL;
        nextLookNanos = System.nanoTime() + NANOS_BETWEEN_LOOKS;
        return;
      }
      lookedAt = run.get();
      tails.found(lookedAt);
    }
  }

  /** Makes passes over a run while there is something to do, and returns whether to go on. */
  private boolean compact(RunId run, Folds folds) {
    long known = tails.points(run);
    while (true) {
      long begun = System.nanoTime();
      Pass pass = store.compact(run, folds);
      long took = System.nanoTime() - begun;
      if (pass.segments() > 0) {
        passTimer.update(took, TimeUnit.NANOSECONDS);
        pointMeter.mark(pass.points());
      }
      if (!pass.more() && !pass.waiting()) {
        tails.forget(run, known);
        return true;
      }
      tails.reduce(run, pass.points());
      known -= pass.points();
      long pauseMillis =
          writesWait.getAsBoolean()
              ? Math.min(MAX_REST_MILLIS, REST_FACTOR * TimeUnit.NANOSECONDS.toMillis(took))
              : 0;
      if (!rest(pauseMillis)) {
        return false;
      }
      if (!pass.more()) {
        return true;
      }
    }
  }

  /** Rests, and returns whether to go on afterwards. */
  private synchronized boolean rest(long millis) {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    while (!closed) {
      long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
      if (left <= 0) {
        return true;
      }
      try {
        wait(left);
      } catch (InterruptedException e) {
        log.warn("the compactor does not stop for an interrupt, only when it is closed");
      }
    }
    return false;
  }
}
