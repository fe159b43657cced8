package dev.slipway.serving.inference;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * Copies of one rule that wait for their turn, first come first served: a bounded number, none for
 * too long, and of all rules together a bounded number of bytes. What is beyond is dropped and
 * counted. Not thread-safe.
 */
final class ShadowQueue {
  /** Copies that wait. */
  static final int MOST_COPIES = 256;

  /** What requests and answers that wait may take in all queues. */
  static final long MOST_BYTES = 64L << 20;

  /** A copy that found no turn in this time says little about the shadow of today. */
  static final long MOST_AGE_NANOS = TimeUnit.SECONDS.toNanos(30);

  private final AtomicLong bytesOfAll;
  private final LongSupplier nanoTime;
  private final Deque<Waiting> waiting = new ArrayDeque<>();

  private record Waiting(ShadowCopy copy, long sinceNanos) {}

  /**
   * Creates an empty queue.
   *
   * @param bytesOfAll what waits in all queues
   * @param nanoTime tells the time as {@link System#nanoTime} does
   */
  ShadowQueue(AtomicLong bytesOfAll, LongSupplier nanoTime) {
    this.bytesOfAll = bytesOfAll;
    this.nanoTime = nanoTime;
  }

  /** Takes a copy; returns whether it waits now. */
  boolean offer(ShadowCopy copy) {
    dropOld();
    boolean fits = bytesOfAll.addAndGet(copy.bytes()) <= MOST_BYTES && waiting.size() < MOST_COPIES;
    if (fits) {
      waiting.addLast(new Waiting(copy, nanoTime.getAsLong()));
    } else {
      drop(copy);
    }
    return fits;
  }

  /** Takes the copy out that has waited longest; empty if none waits. */
  Optional<ShadowCopy> poll() {
    dropOld();
    Optional<ShadowCopy> first = Optional.ofNullable(waiting.pollFirst()).map(Waiting::copy);
    first.ifPresent(copy -> bytesOfAll.addAndGet(-copy.bytes()));
    return first;
  }

  /** Drops what has waited for too long. */
  void dropOld() {
    long now = nanoTime.getAsLong();
    while (!waiting.isEmpty() && now - waiting.peekFirst().sinceNanos() > MOST_AGE_NANOS) {
      drop(waiting.removeFirst().copy());
    }
  }

  private void drop(ShadowCopy copy) {
    bytesOfAll.addAndGet(-copy.bytes());
    copy.meter().dropped();
  }
}
