package dev.slipway.tracking.service;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.runtime.database.GracefulStop;
import dev.slipway.runtime.database.SharedFlush;
import dev.slipway.tracking.metric.LatestPoints;
import dev.slipway.tracking.store.MetricStore;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds this process' metric log, and the latest points that its commits brought until they are
 * folded into the database: about once a second, and whenever a search needs them. Folding in every
 * commit would cost most of the write throughput. What a crash loses here is in the segments, from
 * where the next process folds it. Thread-safe.
 */
public final class LatestFolder implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(LatestFolder.class);

  private static final long PERIOD_MILLIS = 1000;

  /**
   * A log without commits for this long is forgotten once it is folded; its owner opens another.
   */
  private static final Duration QUIET = Duration.ofHours(1);

  /** Is where the next commit goes. */
  record Place(long logId, long commitNo) {}

  private final MetricStore store;
  private final Clock clock;
  private final ScheduledExecutorService timer;
  private final Object lock = new Object();
  private final Object folding = new Object();
  private final SharedFlush foldOfAll = new SharedFlush(this::foldAllNow);

  @GuardedBy("lock")
  private long logId;

  @GuardedBy("lock")
  private long committedNo;

  @GuardedBy("lock")
  private long lastGivenNo;

  /** The last commit of which nobody knows whether it took place; 0 when there is none. */
  @GuardedBy("lock")
  private long lastInDoubtNo;

  @GuardedBy("lock")
  private LatestPoints unfolded = new LatestPoints();

  LatestFolder(MetricStore store, Clock clock) {
    this.store = store;
    this.clock = clock;
    this.timer =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "tracking-folder");
              thread.setDaemon(true);
              return thread;
            });
    this.logId = store.openLog(clock.instant());
  }

  /** Folds what earlier processes left behind, and forgets logs that have been quiet for long. */
  void takeOver() {
    store.foldOthers(ownLog());
    store.closeQuietLogs(clock.instant().minus(QUIET));
  }

  /** Folds from now on every second what this process commits. */
  void start() {
    var unused =
        timer.scheduleWithFixedDelay(
            this::foldOwnQuietly, PERIOD_MILLIS, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
  }

  private long ownLog() {
    synchronized (lock) {
      return logId;
    }
  }

  /**
   * Returns where the next commit goes. Commits follow each other: only the committer calls this.
   */
  Place nextCommit() {
    synchronized (lock) {
      lastGivenNo++;
      return new Place(logId, lastGivenNo);
    }
  }

  /** Takes over what a commit brought. */
  void committed(Place place, LatestPoints latest) {
    if (latest.isEmpty()) {
      // It may not have touched the log, and so says nothing about the commits before it.
      return;
    }
    synchronized (lock) {
      unfolded.addAll(latest);
      committedNo = place.commitNo();
    }
  }

  /**
   * Notes that a commit failed and may have taken place all the same, now or in a moment. Its
   * points are not in memory: whether there are any is asked of the segments.
   */
  void inDoubt(Place place) {
    synchronized (lock) {
      lastInDoubtNo = place.commitNo();
    }
  }

  /** Opens another log, the present one having been forgotten: it was folded entirely. */
  void reopen() {
    synchronized (folding) {
      long opened = store.openLog(clock.instant());
      synchronized (lock) {
        logId = opened;
        committedNo = 0;
        lastGivenNo = 0;
        lastInDoubtNo = 0;
      }
    }
  }

  /**
   * Makes the database's latest points cover all that any process had committed before the call;
   * once for all callers that wait.
   */
  public void foldAll() {
    foldOfAll.await();
  }

  private void foldAllNow() {
    foldOwn();
    store.foldOthers(ownLog());
  }

  private void foldOwnQuietly() {
    try {
      foldOwn();
    } catch (RuntimeException | Error e) {
      // The timer drops a task that throws, and nobody would fold any more.
      log.warn("latest metrics could not be written; trying again in a second", e);
    }
  }

  private void foldOwn() {
    synchronized (folding) {
      LatestPoints points = new LatestPoints();
      long log;
      long through;
      long inDoubt;
      synchronized (lock) {
        log = logId;
        through = committedNo;
        inDoubt = lastInDoubtNo;
        if (through >= inDoubt) {
          points = unfolded;
          unfolded = new LatestPoints();
        }
      }
      if (through < inDoubt) {
        // The commit may be under way still. Only one that comes after it, and waits for it inside
        // the database, can say that it never took place.
        store.foldFromSegments(log);
        return;
      }
      if (points.isEmpty()) {
        return;
      }
      boolean folded = false;
      try {
        store.fold(log, inDoubt, through, points);
        folded = true;
      } finally {
        if (!folded) {
          synchronized (lock) {
            unfolded.addAll(points);
          }
        }
      }
    }
  }

  /**
   * Folds the rest. The committer has stopped by then. The log is forgotten only when it has been
   * quiet for long, as watchers may have to catch up with it.
   */
  @Override
  public void close() {
    GracefulStop.stop(timer);
    try {
      foldOwn();
    } catch (RuntimeException e) {
      log.warn("latest metrics could not be written; the next start does it", e);
    }
  }
}
