package dev.slipway.serving.execution;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Admits requests to one version, a bounded number at a time, and joins those that wait.
 *
 * <p>A request that finds room runs at once, and when a call of the engine ends, the requests that
 * queued up meanwhile run together, as far as they may be joined. A call that is expected to be
 * short runs on the caller's thread, since handing over would cost more than the call; longer ones
 * run on the executor, one batch per turn, so that versions share it fairly. Only where {@link
 * QueueLimits#maxDelay} allows it does a request that could run wait for company, and only when the
 * next one is expected sooner than the fixed cost of the call that joining saves.
 *
 * <p>A caller's thread reads the connections of others too, and an engine that hangs on it stops
 * them. So the versions together borrow a bounded number of such threads, and a version borrows no
 * other while a call of its own has one for far too long.
 *
 * <p>A request that finds no room is refused when the calls and requests ahead of it, by the
 * version's {@link CostLine}, leave it no time before its deadline. One that finds room never is:
 * an expectation that is wrong is only put right by running.
 *
 * <p>A request claims one of the version's slots whenever one is free, also while others wait for a
 * thread: whichever slot gets a thread first takes what waits, so that as many calls run beside
 * each other as may. Thread-safe.
 */
public final class ExecutionQueue implements RequestQueue {
  /** A call that is expected to take longer is handed over to the executor. */
  private static final long INLINE_NANOS = 250_000;

  /** A call that still has its caller's thread then is taken to hang. */
  private static final long OVERDUE_NANOS = 100_000_000;

  /** A shorter wait for company is less than the timer costs. */
  private static final long SHORTEST_DELAY_NANOS = 100_000;

  /** Weight of the newest pause between requests in their mean, as a shift. */
  private static final int GAP_SHIFT = 3;

  private static final long SHORTEST_RETRY_NANOS = 5_000_000;
  private static final long LONGEST_RETRY_NANOS = 5_000_000_000L;

  private final String version;
  private final Supplier<QueueLimits> limits;
  private final BatchRunner runner;
  private final ModelStatistics statistics;
  private final Executor executor;
  private final Semaphore callersThreads;
  private final ScheduledExecutorService timer;
  private final Object lock = new Object();

  @GuardedBy("lock")
  private final Deque<Execution> waiting = new ArrayDeque<>();

  @GuardedBy("lock")
  private long waitingRows;

  /** Slots taken: calls that run, and turns that wait for a thread. */
  @GuardedBy("lock")
  private int running;

  /** What the calls that run were expected to take, in all. */
  @GuardedBy("lock")
  private long runningNanos;

  /** Calls that run on their callers' threads. */
  @GuardedBy("lock")
  private int inline;

  /** Since when there is at least one of them, without a pause. */
  @GuardedBy("lock")
  private long inlineSinceNanos;

  /** Those of the slots whose turn waits for a thread; each will take a request at least. */
  @GuardedBy("lock")
  private int starting;

  /**
   * Whether one of those turns waits for company rather than for a thread. All that waits is its
   * then: the others' requests were joined to calls before, and nobody else may take from it.
   */
  @GuardedBy("lock")
  private boolean delayed;

  /** Tells the timer of one wait for company from that of the next. */
  @GuardedBy("lock")
  private long delay;

  @GuardedBy("lock")
  private long lastArrivalNanos = System.nanoTime();

  @GuardedBy("lock")
  private long meanGapNanos = Long.MAX_VALUE;

  /**
   * Creates an empty queue.
   *
   * @param version names the version in messages
   * @param limits asked at each request, so that a change takes effect at once; must be cheap
   * @param executor runs what the callers' threads do not; stays the caller's
   * @param callersThreads one permit for each of the callers' threads that calls of all versions
   *     may have at once
   * @param timer ends the waiting for company; stays the caller's
   */
  public ExecutionQueue(
      String version,
      Supplier<QueueLimits> limits,
      BatchRunner runner,
      ModelStatistics statistics,
      Executor executor,
      Semaphore callersThreads,
      ScheduledExecutorService timer) {
    this.version = version;
    this.limits = limits;
    this.runner = runner;
    this.statistics = statistics;
    this.executor = executor;
    this.callersThreads = callersThreads;
    this.timer = timer;
  }

  /** Where a request went. */
  private enum Way {
    /** On the caller's thread. */
    INLINE,
    /** To the queue, and a turn is to be asked for. */
    TURN,
    /**
     * To the queue, and a turn is to be asked for, and one for the call that waited for company.
     */
    TWO_TURNS,
    /** To the queue, and the turn is asked for when company came or the wait is over. */
    DELAYED_TURN,
    /** To the queue. */
    QUEUED
  }

  @Override
  public void offer(Execution request) {
    QueueLimits now = limits.get();
    CostLine.Line cost = statistics.cost().line();
    long expected = cost.expectedNanos(request.rows());
    Way way;
    long delayNanos;
    long thisDelay;
    synchronized (lock) {
      delayNanos = delayNanos(now, cost, request);
      way = way(now, cost, request, delayNanos);
      thisDelay = delay;
    }
    switch (way) {
      case INLINE -> runInline(request, expected);
      case TURN -> executor.execute(this::runNext);
      case TWO_TURNS -> {
        executor.execute(this::runNext);
        executor.execute(this::runNext);
      }
      case DELAYED_TURN -> {
        Future<?> unused =
            timer.schedule(() -> endDelay(thisDelay), delayNanos, TimeUnit.NANOSECONDS);
      }
      case QUEUED -> {}
    }
  }

  @GuardedBy("lock")
  private Way way(QueueLimits now, CostLine.Line cost, Execution request, long delayNanos) {
    if (joinsDelayed(now, request, delayNanos)) {
      enqueue(request);
      delayed = waitingRows < now.maxBatchRows();
      return delayed ? Way.QUEUED : Way.TURN;
    }
    boolean room = running < now.maxRunning();
    if (!room) {
      refuseTooLate(now, cost, request);
      // What a claimed slot will take waits for a thread, not for room.
      int unclaimed = delayed ? 0 : waiting.size() - starting;
      if (unclaimed >= now.maxQueued()) {
        statistics.rejected();
        throw QueueFullException.ofQueue(
            version, waiting.size(), running, retryDelay(aheadNanos(now, cost)));
      }
    }
    // The call that waits for company has to go, so that this request comes after it.
    boolean endsDelay = delayed;
    delayed = false;
    if (!room) {
      enqueue(request);
      return endsDelay ? Way.TURN : Way.QUEUED;
    }
    running++;
    long expected = cost.expectedNanos(request.rows());
    boolean isShort = cost.samples() > 0 && expected < INLINE_NANOS && !runner.waits();
    if (isShort
        && !request.conditions().handOver()
        && waiting.isEmpty()
        && delayNanos == 0
        && borrowsThread(request.offeredNanos())) {
      runningNanos += expected;
      return Way.INLINE;
    }
    starting++;
    // Behind others it has company, or as soon as they have a thread.
    if (delayNanos > 0 && waiting.isEmpty()) {
      delayed = true;
      delay++;
    }
    enqueue(request);
    return delayed ? Way.DELAYED_TURN : endsDelay ? Way.TWO_TURNS : Way.TURN;
  }

  /** Takes the thread of a caller if there is one to have; returns whether it did. */
  @GuardedBy("lock")
  private boolean borrowsThread(long nowNanos) {
    // Short calls that overlap for so long look overdue too; one hop each, and the pause is there.
    boolean overdue = inline > 0 && nowNanos - inlineSinceNanos > OVERDUE_NANOS;
    if (overdue || !callersThreads.tryAcquire()) {
      return false;
    }
    inlineSinceNanos = inline == 0 ? nowNanos : inlineSinceNanos;
    inline++;
    return true;
  }

  private void runInline(Execution request, long expectedNanos) {
    try {
      run(List.of(request), expectedNanos);
    } finally {
      synchronized (lock) {
        inline--;
      }
      callersThreads.release();
    }
  }

  @GuardedBy("lock")
  private boolean joinsDelayed(QueueLimits now, Execution request, long delayNanos) {
    return delayed
        && delayNanos > 0
        && waitingRows + request.rows() <= now.maxBatchRows()
        && waiting.getFirst().joinable(request);
  }

  @GuardedBy("lock")
  private void enqueue(Execution request) {
    waiting.addLast(request);
    waitingRows += request.rows();
  }

  /** Returns how long a request may wait for company; 0 when waiting does not pay. */
  @GuardedBy("lock")
  private long delayNanos(QueueLimits now, CostLine.Line cost, Execution request) {
    if (now.maxDelay().isZero() || !runner.joins() || request.rows() >= now.maxBatchRows()) {
      return 0;
    }
    long arrived = System.nanoTime();
    // However long nobody came, a few requests in a row say that now they do.
    long longest = 2 * now.maxDelay().toNanos();
    long gap = Math.min(arrived - lastArrivalNanos, longest);
    lastArrivalNanos = arrived;
    meanGapNanos = Math.min(meanGapNanos, longest);
    meanGapNanos += (gap - meanGapNanos) >> GAP_SHIFT;
    long saved = (long) cost.fixedNanos();
    long wait = Math.min(saved, now.maxDelay().toNanos());
    boolean inTime =
        request.leftNanos(arrived) > wait + cost.expectedNanos(waitingRows + request.rows());
    return wait >= SHORTEST_DELAY_NANOS && meanGapNanos <= wait && inTime ? wait : 0;
  }

  private void endDelay(long thisDelay) {
    synchronized (lock) {
      if (!delayed || delay != thisDelay) {
        return;
      }
      delayed = false;
    }
    executor.execute(this::runNext);
  }

  @GuardedBy("lock")
  private void refuseTooLate(QueueLimits now, CostLine.Line cost, Execution request) {
    if (!cost.isReliable()) {
      return;
    }
    long ahead = aheadNanos(now, cost);
    long left = request.leftNanos(System.nanoTime());
    // One whose deadline has passed already is told so when its turn comes.
    if (left > 0 && ahead + cost.expectedNanos(request.rows()) > left) {
      statistics.rejected();
      throw QueueFullException.tooLate(version, ahead, left, retryDelay(ahead));
    }
  }

  /** Returns the time until what runs and waits is done; what runs counts half, as if half done. */
  @GuardedBy("lock")
  private long aheadNanos(QueueLimits now, CostLine.Line cost) {
    long calls =
        runner.joins()
            ? (waitingRows + now.maxBatchRows() - 1) / now.maxBatchRows()
            : waiting.size();
    double work = runningNanos / 2.0 + calls * cost.fixedNanos() + waitingRows * cost.perRowNanos();
    int beside = Math.min(now.maxRunning(), Runtime.getRuntime().availableProcessors());
    return (long) (work / beside);
  }

  private static Duration retryDelay(long aheadNanos) {
    return Duration.ofNanos(
        Math.max(SHORTEST_RETRY_NANOS, Math.min(LONGEST_RETRY_NANOS, aheadNanos)));
  }

  private void runNext() {
    CostLine.Line cost = statistics.cost().line();
    List<Execution> batch;
    long expected;
    synchronized (lock) {
      starting--;
      batch = delayed ? List.of() : takeBatch(limits.get().maxBatchRows());
      expected = batch.isEmpty() ? 0 : cost.expectedNanos(rows(batch));
      runningNanos += expected;
    }
    run(batch, expected);
  }

  private static long rows(List<Execution> batch) {
    long rows = 0;
    for (Execution request : batch) {
      rows += request.rows();
    }
    return rows;
  }

  private void run(List<Execution> batch, long expectedNanos) {
    try {
      runner.run(batch);
    } finally {
      boolean more;
      synchronized (lock) {
        runningNanos -= expectedNanos;
        // Slots that wait for a thread already see to as many; slots that a change of the limits
        // took away end here.
        more = !delayed && waiting.size() > starting && running <= limits.get().maxRunning();
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
  private List<Execution> takeBatch(int maxBatchRows) {
    Execution first = waiting.pollFirst();
    if (first == null) {
      return List.of();
    }
    long rows = first.rows();
    waitingRows -= rows;
    if (!runner.joins() || rows >= maxBatchRows || waiting.isEmpty()) {
      return List.of(first);
    }
    List<Execution> batch = new ArrayList<>();
    batch.add(first);
    // Only the head of the queue is looked at: to pass over one that cannot join would let it
    // starve.
    while (!waiting.isEmpty()
        && rows + waiting.peekFirst().rows() <= maxBatchRows
        && first.joinable(waiting.peekFirst())) {
      Execution next = waiting.pollFirst();
      rows += next.rows();
      waitingRows -= next.rows();
      batch.add(next);
    }
    return batch;
  }

  @Override
  public int queued() {
    synchronized (lock) {
      return waiting.size();
    }
  }

  @Override
  public int running() {
    synchronized (lock) {
      return running;
    }
  }
}
