package dev.slipway.serving.execution;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;

/**
 * Threads that run the engine calls of all versions, fair by time: the next turn goes to the
 * version that has used the threads least since it came, whatever the others have waiting, and no
 * version holds more than half of the threads, so that one whose engine hangs leaves room. A
 * version that was idle has no claim to the time that it did not use.
 *
 * <p>This is start-time fair queueing with equal weights (Goyal, Vin and Cheng, 1996), a turn being
 * charged its version's mean time when it begins and the difference when it ends. Thread-safe. How
 * many turns wait is bounded by those who bring them.
 */
public final class EngineThreads {
  /** Weight of the newest turn in a lane's mean time, as a shift. */
  private static final int MEAN_SHIFT = 3;

  private final Executor threads;
  private final int size;
  private final LongSupplier nanoTime;
  private final Object lock = new Object();

  /** Lanes with turns that wait. */
  @GuardedBy("lock")
  private final Set<Lane> waiting = new LinkedHashSet<>();

  @GuardedBy("lock")
  private int running;

  /** What the lane that was served last had used when it was: lanes that come now start there. */
  @GuardedBy("lock")
  private long served;

  /**
   * Creates it over an executor.
   *
   * @param threads runs at least {@code size} tasks at once; stays the caller's
   * @param size turns that run at once, from 1
   */
  public EngineThreads(Executor threads, int size) {
    this(threads, size, System::nanoTime);
  }

  EngineThreads(Executor threads, int size, LongSupplier nanoTime) {
    this.threads = threads;
    this.size = size;
    this.nanoTime = nanoTime;
  }

  /** Returns a lane for the turns of one version; it costs nothing while it is not used. */
  public Executor lane() {
    return new Lane();
  }

  /** Tells whether turns wait for a thread. */
  public boolean isContended() {
    synchronized (lock) {
      return !waiting.isEmpty();
    }
  }

  /** The turns of one version. Its fields are guarded by the lock. */
  private final class Lane implements Executor {
    private final Deque<Runnable> turns = new ArrayDeque<>();
    private int laneRunning;
    private long usedNanos;
    private long meanNanos;

    @Override
    public void execute(Runnable turn) {
      boolean free;
      synchronized (lock) {
        if (turns.isEmpty() && laneRunning == 0) {
          usedNanos = Math.max(usedNanos, served);
        }
        turns.addLast(turn);
        waiting.add(this);
        free = running < size;
        running += free ? 1 : 0;
      }
      if (free) {
        threads.execute(EngineThreads.this::work);
      }
    }
  }

  /** A turn that was given a thread. */
  private record Turn(Lane lane, Runnable task, long chargedNanos) {}

  private void work() {
    Turn turn = next();
    while (turn != null) {
      long started = nanoTime.getAsLong();
      try {
        turn.task().run();
      } finally {
        ended(turn, nanoTime.getAsLong() - started);
      }
      turn = next();
    }
  }

  /** Takes the next turn; without one the thread is given back. */
  private Turn next() {
    synchronized (lock) {
      Lane chosen = null;
      for (Lane lane : waiting) {
        if (lane.laneRunning < Math.max(1, size / 2)
            && (chosen == null || lane.usedNanos - chosen.usedNanos < 0)) {
          chosen = lane;
        }
      }
      if (chosen == null) {
        running--;
        return null;
      }
      served = chosen.usedNanos;
      chosen.laneRunning++;
      chosen.usedNanos += chosen.meanNanos;
      Turn turn = new Turn(chosen, chosen.turns.pollFirst(), chosen.meanNanos);
      if (chosen.turns.isEmpty()) {
        waiting.remove(chosen);
      }
      return turn;
    }
  }

  private void ended(Turn turn, long tookNanos) {
    synchronized (lock) {
      Lane lane = turn.lane();
      lane.laneRunning--;
      lane.usedNanos += tookNanos - turn.chargedNanos();
      lane.meanNanos += (tookNanos - lane.meanNanos) >> MEAN_SHIFT;
    }
  }
}
