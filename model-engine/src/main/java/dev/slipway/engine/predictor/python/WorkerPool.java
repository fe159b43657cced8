package dev.slipway.engine.predictor.python;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.engine.error.EngineException;
import dev.slipway.engine.error.EngineUnavailableException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The workers of one loaded package. A thread for each keeps it alive: starts it, waits for its
 * end, and starts the next after a {@link BackOff}. A timer stops those that exceed their limits.
 * Thread-safe.
 */
final class WorkerPool implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(WorkerPool.class);

  private static final long WATCH_MILLIS = 100;
  private static final Duration STOP = Duration.ofSeconds(5);

  private final String name;
  private final Launcher launcher;
  private final int size;
  private final long maxWorkerBytes;
  private final List<Thread> keepers = new ArrayList<>();
  private final List<CompletableFuture<Void>> firstStarts = new ArrayList<>();
  private final Object lock = new Object();

  /** Those that wait for work, the one used last in front: its caches are warm. */
  @GuardedBy("lock")
  private final Deque<Worker> idle = new ArrayDeque<>();

  /** Those whose process was started and not seen to end. */
  @GuardedBy("lock")
  private final Set<Worker> alive = new HashSet<>();

  /** Workers that answer, or are about to: all but those that wait for another start. */
  @GuardedBy("lock")
  private int coming;

  @GuardedBy("lock")
  private String lastEnd = "";

  @GuardedBy("lock")
  private boolean closed;

  private final Future<?> watch;

  /** Starts workers. */
  interface Launcher {
    /**
     * Starts a process and returns once it has loaded the package.
     *
     * @param name names the worker
     * @param started is told of the process as soon as there is one, on any thread
     * @throws EngineException if it cannot load the package, or ends while it does
     */
    Worker launch(String name, Consumer<Worker> started) throws InterruptedException;
  }

  /**
   * Begins to start the workers.
   *
   * @param name names the package
   * @param timer runs the watch; stays the caller's
   */
  WorkerPool(
      String name,
      Launcher launcher,
      int size,
      long maxWorkerBytes,
      ScheduledExecutorService timer) {
    this.name = name;
    this.launcher = launcher;
    this.size = size;
    this.maxWorkerBytes = maxWorkerBytes;
    this.coming = size;
    for (int i = 0; i < size; i++) {
      String worker = name + " worker " + (i + 1);
      CompletableFuture<Void> firstStart = new CompletableFuture<>();
      firstStarts.add(firstStart);
      Thread keeper = new Thread(() -> keep(worker, firstStart), worker);
      keeper.setDaemon(true);
      keepers.add(keeper);
    }
    this.watch =
        timer.scheduleWithFixedDelay(
            this::watch, WATCH_MILLIS, WATCH_MILLIS, TimeUnit.MILLISECONDS);
    keepers.forEach(Thread::start);
  }

  int size() {
    return size;
  }

  /**
   * Waits until every worker has loaded the package.
   *
   * @throws EngineException if one cannot; the pool is of no use then
   */
  void awaitStarted() throws InterruptedException {
    for (CompletableFuture<Void> start : firstStarts) {
      try {
        start.get();
      } catch (ExecutionException e) {
        if (e.getCause() instanceof EngineException known) {
          throw known;
        }
        throw new IllegalStateException("a worker could not be started", e.getCause());
      }
    }
  }

  private void keep(String worker, CompletableFuture<Void> firstStart) {
    BackOff backOff = new BackOff();
    try {
      while (true) {
        Duration lived = Duration.ZERO;
        String end;
        try {
          Worker started = launcher.launch(worker, this::started);
          long since = System.nanoTime();
          firstStart.complete(null);
          give(started);
          end = started.awaitEnd();
          lived = Duration.ofNanos(System.nanoTime() - since);
        } catch (EngineException e) {
          if (firstStart.completeExceptionally(e)) {
            return;
          }
          end = e.getMessage();
        }
        Duration wait = backOff.after(lived);
        if (!ended(worker, end, wait)) {
          return;
        }
        if (!wait.isZero()) {
          Thread.sleep(wait.toMillis());
          synchronized (lock) {
            coming++;
          }
        }
      }
    } catch (InterruptedException e) {
      firstStart.cancel(false);
    } catch (RuntimeException | Error e) {
      if (!firstStart.completeExceptionally(e)) {
        log.error("{} is not kept alive any more", worker, e);
        synchronized (lock) {
          coming--;
        }
      }
    }
  }

  private void started(Worker worker) {
    boolean late;
    synchronized (lock) {
      late = closed;
      alive.add(worker);
    }
    if (late) {
      worker.stop("came when the model was closed");
    }
  }

  /** Notes the end of a worker; returns false if there is to be no other. */
  private boolean ended(String worker, String end, Duration wait) {
    synchronized (lock) {
      idle.removeIf(other -> !other.isAlive());
      alive.removeIf(other -> !other.isAlive());
      if (closed) {
        return false;
      }
      lastEnd = end;
      if (!wait.isZero()) {
        coming--;
        lock.notifyAll();
      }
    }
    log.warn("{}; starting {} again in {} ms", end, worker, wait.toMillis());
    return true;
  }

  private void watch() {
    List<Worker> watched;
    synchronized (lock) {
      watched = List.copyOf(alive);
    }
    for (Worker worker : watched) {
      try {
        worker.stopIfBeyondLimits(maxWorkerBytes);
      } catch (RuntimeException e) {
        // A throw would end the repetition.
        log.error("cannot watch {}", worker, e);
      }
    }
  }

  /**
   * Takes a worker, which the caller gives back unless it ended.
   *
   * @param patience how long to wait for one
   * @throws EngineUnavailableException if none is free in time, or all have ended and none is being
   *     started
   * @throws IllegalStateException if the pool is closed
   */
  Worker take(Duration patience) throws InterruptedException {
    long end = System.nanoTime() + patience.toNanos();
    synchronized (lock) {
      while (true) {
        if (closed) {
          throw new IllegalStateException("the predictor is closed");
        }
        for (Worker next = idle.pollFirst(); next != null; next = idle.pollFirst()) {
          if (next.isUsable()) {
            return next;
          }
        }
        if (coming <= 0) {
          throw new EngineUnavailableException(
              "all workers have ended and wait to be started again; the last one: " + lastEnd);
        }
        long left = end - System.nanoTime();
        if (left <= 0) {
          throw new EngineUnavailableException(
              "no worker was free within "
                  + patience.toMillis()
                  + " ms"
                  + (lastEnd.isEmpty() ? "" : "; the last one that ended: " + lastEnd));
        }
        TimeUnit.NANOSECONDS.timedWait(lock, left);
      }
    }
  }

  /**
   * Gives a worker back, or a new one in. It is stopped if it has taken too much memory, lest the
   * next call be held to account for the last.
   */
  void give(Worker worker) {
    worker.stopIfBeyondLimits(maxWorkerBytes);
    synchronized (lock) {
      idle.addFirst(worker);
      lock.notifyAll();
    }
  }

  /** Returns the resident memory of all workers, bytes; 0 where the system does not tell. */
  long residentBytes() {
    List<Worker> counted;
    synchronized (lock) {
      counted = List.copyOf(alive);
    }
    return counted.stream().mapToLong(Worker::residentBytes).sum();
  }

  /** Ends all workers and waits a few seconds until they are gone; again does nothing. */
  @Override
  public void close() {
    List<Worker> left;
    synchronized (lock) {
      if (closed) {
        return;
      }
      closed = true;
      left = List.copyOf(alive);
      lock.notifyAll();
    }
    watch.cancel(false);
    left.forEach(worker -> worker.stop("was closed"));
    keepers.forEach(Thread::interrupt);
    long end = System.nanoTime() + STOP.toNanos();
    try {
      for (Worker worker : left) {
        worker.awaitEnd(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
      }
      for (Thread keeper : keepers) {
        keeper.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime())));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
