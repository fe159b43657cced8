package dev.slipway.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.client.QueuedBatches.QueuedBatch;
import dev.slipway.tracking.v1.MetricBatch;
import dev.slipway.tracking.v1.MetricStreamHints;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Holds the points of one writer from the moment they are logged until they are acknowledged or
 * kept elsewhere: first one by one, then cut into numbered batches. Bounded by bytes. Thread-safe,
 * but for one thread that cuts. Those who log wait for the lock, so that nothing is done under it
 * which takes longer the more points there are.
 */
final class MetricQueue implements BatchSource {
  // What waits longer than a batch goes in larger ones than were asked for, which cost less.
  private static final int BACKLOG_BATCH_POINTS = 5_000;

  private final MetricStreamOptions options;
  private final Wakeup wakeup;

  private final ReentrantLock lock = new ReentrantLock();
  // Signalled whenever there is more room, more is acknowledged, or the end has come.
  private final Condition changed = lock.newCondition();

  @GuardedBy("lock")
  private final MetricKeys keys = new MetricKeys();

  @GuardedBy("lock")
  private final PointBuffer buffer;

  // Taken out of the buffer, and being made into batches by the thread that cuts.
  @GuardedBy("lock")
  private Optional<PointBlock> cutting = Optional.empty();

  // Neither acknowledged nor evicted.
  @GuardedBy("lock")
  private final QueuedBatches batches = new QueuedBatches();

  // 0 while it is not known.
  @GuardedBy("lock")
  private long nextSeq;

  @GuardedBy("lock")
  private long loggedPoints;

  @GuardedBy("lock")
  private long acknowledgedPoints;

  @GuardedBy("lock")
  private DroppedPoints dropped = DroppedPoints.NONE;

  // Whether somebody knows of all drops so far.
  @GuardedBy("lock")
  private boolean dropsTold = true;

  // Points up to this count are cut without waiting for more.
  @GuardedBy("lock")
  private long flushTo;

  @GuardedBy("lock")
  private int batchPoints;

  @GuardedBy("lock")
  private long flushNanos;

  // Whether an offer has waited for room in vain, and none has come since.
  @GuardedBy("lock")
  private boolean overflowing;

  @GuardedBy("lock")
  private boolean closed;

  @GuardedBy("lock")
  private TrackingException failure;

  /** Says what became of a point. */
  enum Offer {
    TAKEN,
    /** The key or the timestamp is bad. */
    INVALID,
    /** There was no room for as long as the options say. */
    NO_ROOM,
    /** Nothing is taken any more. */
    CLOSED
  }

  /**
   * Is how the points stand.
   *
   * @param logged points that were taken
   * @param acknowledged those of them that are durable at the service
   * @param inMemory those that are here
   * @param dropped points that were not taken, or lost with a failure
   */
  record Counts(long logged, long acknowledged, long inMemory, DroppedPoints dropped) {}

  /**
   * @param firstSeq number of the first batch; empty when only the service knows, by {@link
   *     #continueAfter}: then nothing is cut before
   */
  MetricQueue(MetricStreamOptions options, OptionalLong firstSeq, Wakeup wakeup) {
    this.options = options;
    this.wakeup = wakeup;
    this.nextSeq = firstSeq.orElse(0);
    this.batchPoints = options.batchPoints();
    this.flushNanos = options.flushInterval().toNanos();
    this.buffer = new PointBuffer(blockPoints(batchPoints));
  }

  private static int blockPoints(int batchPoints) {
    return Math.min(
        MetricStreamOptions.MAX_BATCH_POINTS, Math.max(batchPoints, BACKLOG_BATCH_POINTS));
  }

  /**
   * Takes a point. Waits for room, but not longer than the options say, and not after {@link
   * #close}.
   */
  Offer offer(String key, double value, long step, long timestampMs) {
    lock.lock();
    try {
      Offer outcome = admit(key, timestampMs);
      if (outcome != Offer.TAKEN) {
        drop(dropped.and(outcome, 1));
        return outcome;
      }
      boolean wasFull = isBufferFull();
      buffer.add(key, value, step, timestampMs);
      loggedPoints++;
      // Whoever cuts wakes by itself when the oldest point is due.
      if (buffer.size() == 1 || buffer.size() == batchPoints || (!wasFull && isBufferFull())) {
        wakeup.signal();
      }
      return Offer.TAKEN;
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private void drop(DroppedPoints sum) {
    dropped = sum;
    if (dropsTold) {
      dropsTold = false;
      wakeup.signal();
    }
  }

  @GuardedBy("lock")
  private Offer admit(String key, long timestampMs) {
    if (key == null || !keys.isGood(key) || timestampMs < 0) {
      return Offer.INVALID;
    }
    long bytes = PointBlock.bytesOf(key);
    long deadline = System.nanoTime() + options.maxLogWait().toNanos();
    boolean interrupted = false;
    while (!closed && !hasRoom(bytes) && !overflowing) {
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        overflowing = true;
        break;
      }
      try {
        changed.awaitNanos(left);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (closed) {
      return Offer.CLOSED;
    }
    return hasRoom(bytes) ? Offer.TAKEN : Offer.NO_ROOM;
  }

  @GuardedBy("lock")
  private long memoryBytes() {
    return buffer.bytes() + cutting.map(PointBlock::bytes).orElse(0L) + batches.bytes();
  }

  @GuardedBy("lock")
  private long pointsInMemory() {
    return buffer.size() + cutting.map(PointBlock::size).orElse(0) + batches.points();
  }

  @GuardedBy("lock")
  private boolean hasRoom(long bytes) {
    // A point larger than the bound must get through, too.
    return memoryBytes() == 0 || memoryBytes() + bytes <= options.maxMemoryBytes();
  }

  @GuardedBy("lock")
  private boolean isCrowded() {
    return memoryBytes() > options.maxMemoryBytes() / 2;
  }

  /**
   * Tells whether points must be cut to make room. Batches that nobody takes make no reason: the
   * points that come then would be cut one by one.
   */
  @GuardedBy("lock")
  private boolean isBufferFull() {
    return buffer.bytes() > options.maxMemoryBytes() / 8;
  }

  /** Tells whether so much memory is taken up that batches should be kept elsewhere. */
  boolean crowded() {
    lock.lock();
    try {
      return isCrowded();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Cuts the oldest points into a batch (several if there are very many names) when there are
   * enough, or they are old enough, or a flush wants them; for a connection that takes batches now.
   *
   * @param maxAgeNanos how long points wait at most, however long the service would like it
   * @return 0 when some were cut, else in how many nanoseconds some will be due
   */
  long cut(long now, long maxAgeNanos) {
    return cut(now, maxAgeNanos, false);
  }

  /** Cuts like {@link #cut}, but fewer and larger batches, to be kept. */
  long cutToKeep(long now, long maxAgeNanos) {
    return cut(now, maxAgeNanos, true);
  }

  private long cut(long now, long maxAgeNanos, boolean toKeep) {
    PointBlock block;
    long firstSeq;
    lock.lock();
    try {
      long due =
          toKeep
              ? due(now, Math.max(batchPoints, BACKLOG_BATCH_POINTS), maxAgeNanos)
              : due(now, batchPoints, Math.min(flushNanos, maxAgeNanos));
      if (due > 0) {
        return due;
      }
      block = buffer.take();
      cutting = Optional.of(block);
      firstSeq = nextSeq;
    } finally {
      lock.unlock();
    }
    add(block.batches(firstSeq));
    return 0;
  }

  @GuardedBy("lock")
  private long due(long now, int enough, long gatherNanos) {
    if (buffer.size() == 0 || nextSeq == 0) {
      return Long.MAX_VALUE;
    }
    boolean flushing = flushTo > loggedPoints - buffer.size();
    if (buffer.size() >= enough || flushing || isBufferFull()) {
      return 0;
    }
    return Math.max(0, buffer.oldestNanos() + gatherNanos - now);
  }

  private void add(List<QueuedBatch> cut) {
    lock.lock();
    try {
      // Else they were abandoned meanwhile.
      if (cutting.isPresent()) {
        cut.forEach(batches::add);
        nextSeq += cut.size();
        cutting = Optional.empty();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Returns since when the oldest batch here waits; empty when there is none. */
  OptionalLong oldestBatchNanos() {
    lock.lock();
    try {
      return batches.oldestNanos();
    } finally {
      lock.unlock();
    }
  }

  /** Returns the batches that are here. */
  List<QueuedBatch> batches() {
    lock.lock();
    try {
      return batches.list();
    } finally {
      lock.unlock();
    }
  }

  /** Lets go of batches that are kept elsewhere now. */
  void evict(long upToSeq) {
    lock.lock();
    try {
      removeBatches(upToSeq);
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private void removeBatches(long upToSeq) {
    batches.removeUpTo(upToSeq);
    overflowing &= memoryBytes() >= options.maxMemoryBytes();
    changed.signalAll();
  }

  @Override
  public void continueAfter(long committedSeq) {
    lock.lock();
    try {
      nextSeq = committedSeq + 1;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Optional<MetricBatch> after(long seq) {
    lock.lock();
    try {
      return batches.after(seq);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void acknowledged(long seq, long points) {
    lock.lock();
    try {
      acknowledgedPoints += points;
      removeBatches(seq);
    } finally {
      lock.unlock();
    }
  }

  /** What the caller has chosen stays; what was left open is as the service wishes. */
  @Override
  public void heed(MetricStreamHints hints) {
    lock.lock();
    try {
      if (hints.getPreferredBatchPoints() > 0
          && options.batchPoints() == MetricStreamOptions.DEFAULT_BATCH_POINTS) {
        batchPoints =
            Math.min(hints.getPreferredBatchPoints(), MetricStreamOptions.MAX_BATCH_POINTS);
        buffer.limitBlocks(blockPoints(batchPoints));
      }
      if (hints.hasFlushInterval()
          && options.flushInterval().equals(MetricStreamOptions.DEFAULT_FLUSH_INTERVAL)) {
        flushNanos =
            TimeUnit.SECONDS.toNanos(hints.getFlushInterval().getSeconds())
                + hints.getFlushInterval().getNanos();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Wants all points that were logged so far to be cut and sent; returns how many those are. */
  long flush() {
    lock.lock();
    try {
      flushTo = loggedPoints;
      wakeup.signal();
      return loggedPoints;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits until so many points are acknowledged, or the queue has failed, but not longer than a
   * time.
   *
   * @return whether they are acknowledged
   */
  boolean awaitAcknowledged(long points, long nanos) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long left = nanos;
      // What has failed drops what is logged: nothing may pass for durable then.
      while (failure == null && acknowledgedPoints < points && left > 0) {
        left = changed.awaitNanos(left);
      }
      return failure == null && acknowledgedPoints >= points;
    } finally {
      lock.unlock();
    }
  }

  /** Takes no more points; those that are here stay. */
  void close() {
    lock.lock();
    try {
      closed = true;
      flushTo = loggedPoints;
      changed.signalAll();
      wakeup.signal();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Notes that the service takes nothing any more, so that nobody waits; the first reason counts.
   */
  void refuse(TrackingException reason) {
    lock.lock();
    try {
      if (failure == null) {
        failure = reason;
      }
      changed.signalAll();
      wakeup.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Drops the points that are here, and takes no more. */
  void abandon() {
    lock.lock();
    try {
      closed = true;
      long lost = pointsInMemory();
      buffer.clear();
      cutting = Optional.empty();
      batches.clear();
      if (lost > 0) {
        drop(dropped.andLost(lost));
      }
      changed.signalAll();
      wakeup.signal();
    } finally {
      lock.unlock();
    }
  }

  /** Does both at once: {@link #refuse} and {@link #abandon}. */
  void fail(TrackingException reason) {
    lock.lock();
    try {
      refuse(reason);
      abandon();
    } finally {
      lock.unlock();
    }
  }

  Optional<TrackingException> failure() {
    lock.lock();
    try {
      return Optional.ofNullable(failure);
    } finally {
      lock.unlock();
    }
  }

  /** Tells whether no more is taken, and all that was is acknowledged. */
  boolean drained() {
    lock.lock();
    try {
      return closed && loggedPoints == acknowledgedPoints;
    } finally {
      lock.unlock();
    }
  }

  /** Returns all drops so far, to whoever tells them on; the next one wakes it. */
  DroppedPoints tellDrops() {
    lock.lock();
    try {
      dropsTold = true;
      return dropped;
    } finally {
      lock.unlock();
    }
  }

  Counts counts() {
    lock.lock();
    try {
      return new Counts(loggedPoints, acknowledgedPoints, pointsInMemory(), dropped);
    } finally {
      lock.unlock();
    }
  }
}
