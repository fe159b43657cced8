package dev.slipway.serving.execution;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Executor;

/**
 * Admits requests to one version, a bounded number at a time, and joins those that wait.
 *
 * <p>Nothing ever waits for company: a request that finds room runs at once, and when a call of the
 * engine ends, the requests that queued up meanwhile run together, as far as they may be joined. A
 * version whose calls are short runs on the caller's thread, since handing over would cost more
 * than the call; longer ones run on the executor, one batch per turn, so that versions share it
 * fairly.
 *
 * <p>A request claims one of the version's slots whenever one is free, also while others wait for a
 * thread: whichever slot gets a thread first takes what waits, so that as many calls run beside
 * each other as may. Thread-safe.
 */
public final class ExecutionQueue {
  /** Below this mean time of an engine call the caller's thread does the work. */
  private static final long INLINE_NANOS = 1_000_000;

  private final String version;
  private final QueueLimits limits;
  private final BatchRunner runner;
  private final ModelStatistics statistics;
  private final Executor executor;
  private final Object lock = new Object();

  @GuardedBy("lock")
  private final Deque<Execution> waiting = new ArrayDeque<>();

  /** Slots taken: calls that run, and turns that wait for a thread. */
  @GuardedBy("lock")
  private int running;

  /** Those of the slots whose turn waits for a thread; each will take a request at least. */
  @GuardedBy("lock")
  private int starting;

  /**
   * Creates an empty queue.
   *
   * @param version names the version in messages
   * @param executor runs what the callers' threads do not; stays the caller's
   */
  public ExecutionQueue(
      String version,
      QueueLimits limits,
      BatchRunner runner,
      ModelStatistics statistics,
      Executor executor) {
    this.version = version;
    this.limits = limits;
    this.runner = runner;
    this.statistics = statistics;
    this.executor = executor;
  }

  /**
   * Takes a request; its receiver is told the outcome, possibly before this method returns.
   *
   * @throws QueueFullException if there is no room; the receiver is not called then
   */
  public void offer(Execution request) {
    boolean slot;
    boolean inline;
    synchronized (lock) {
      slot = running < limits.maxRunning();
      inline = slot && waiting.isEmpty() && statistics.meanCallNanos() < INLINE_NANOS;
      // What a claimed slot will take waits for a thread, not for room.
      if (!slot && waiting.size() - starting >= limits.maxQueued()) {
        statistics.rejected();
        throw QueueFullException.ofQueue(version, waiting.size(), running, retryDelay());
      }
      if (slot) {
        running++;
      }
      if (!inline) {
        waiting.addLast(request);
        starting += slot ? 1 : 0;
      }
    }
    if (inline) {
      run(List.of(request));
    } else if (slot) {
      executor.execute(this::runNext);
    }
  }

  @GuardedBy("lock")
  private Duration retryDelay() {
    long calls = waiting.size() / Math.max(1, limits.maxRunning()) + 1L;
    long nanos = Math.min(Duration.ofSeconds(5).toNanos(), calls * statistics.meanCallNanos());
    return Duration.ofNanos(Math.max(Duration.ofMillis(5).toNanos(), nanos));
  }

  private void runNext() {
    List<Execution> batch;
    synchronized (lock) {
      starting--;
      batch = takeBatch();
    }
    run(batch);
  }

  private void run(List<Execution> batch) {
    try {
      runner.run(batch);
    } finally {
      boolean more;
      synchronized (lock) {
        // Slots that wait for a thread already see to as many.
        more = waiting.size() > starting;
        running -= more ? 0 : 1;
        starting += more ? 1 : 0;
      }
      if (more) {
        executor.execute(this::runNext);
      }
    }
  }

  /** Takes the first waiting request and those behind it that may join it. */
  @GuardedBy("lock")
  private List<Execution> takeBatch() {
    Execution first = waiting.pollFirst();
    if (first == null) {
      return List.of();
    }
    long rows = first.rows();
    if (!runner.joins() || rows >= limits.maxBatchRows() || waiting.isEmpty()) {
      return List.of(first);
    }
    List<Execution> batch = new ArrayList<>();
    batch.add(first);
    // Only the head of the queue is looked at: to pass over one that cannot join would let it
    // starve.
    while (!waiting.isEmpty()
        && rows + waiting.peekFirst().rows() <= limits.maxBatchRows()
        && first.joinable(waiting.peekFirst())) {
      Execution next = waiting.pollFirst();
      rows += next.rows();
      batch.add(next);
    }
    return batch;
  }

  /** Returns how many requests wait. */
  public int queued() {
    synchronized (lock) {
      return waiting.size();
    }
  }

  /** Returns how many engine calls run, or are about to. */
  public int running() {
    synchronized (lock) {
      return running;
    }
  }
}
