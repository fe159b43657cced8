package dev.slipway.tracking.service;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.tracking.metric.MetricBatch;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shares the memory for batches that wait to be committed among all streams, so that these are
 * slowed and hardly ever refused.
 *
 * <p>A stream asks before it reads its next batch and is then expected to bring about as much as
 * last time. When that does not fit, it waits in line until others are committed. The memory may be
 * exceeded: by batches that are larger than expected, and by those of streams that were let in,
 * kept silent and then sent all at once. Beyond twice the memory a batch is refused. While others
 * stand in line, nothing is kept for silent streams for longer than twice the patience.
 * Thread-safe.
 */
final class StreamRoom implements AutoCloseable {
  static final Duration PATIENCE = Duration.ofMillis(100);

  /** What is expected of a stream that sent nothing yet: the most points. */
  static final long FIRST_BYTES = (long) MetricBatch.MAX_POINTS * MetricBatch.POINT_BYTES;

  private static final Logger log = LoggerFactory.getLogger(StreamRoom.class);

  private final long limitBytes;
  private final long mostBytes;
  private final Duration patience;
  private final ScheduledThreadPoolExecutor timer;

  /** Bytes of batches that are not decided yet. */
  @GuardedBy("this")
  private long takenBytes;

  /** Bytes that are expected of those who were let in during this round. */
  @GuardedBy("this")
  private long expectedBytes;

  /** Bytes that are still expected of those who were let in during the round before. */
  @GuardedBy("this")
  private long overdueBytes;

  /** Counts the ticks of the timer. */
  @GuardedBy("this")
  private long round;

  @GuardedBy("this")
  private final Deque<Reader> line = new ArrayDeque<>();

  @GuardedBy("this")
  private boolean timed;

  /**
   * Creates the room.
   *
   * @param limitBytes memory that batches may take before others have to wait, in bytes, greater
   *     than 0; they are refused beyond twice that
   * @param patience how long others wait for those who were let in, at least
   */
  StreamRoom(long limitBytes, Duration patience) {
    this.limitBytes = limitBytes;
    this.mostBytes = 2 * limitBytes;
    this.patience = patience;
    this.timer =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, "tracking-stream-room");
              thread.setDaemon(true);
              return thread;
            });
    timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  /** Is one stream's place. Its stream calls from one thread at a time. */
  final class Reader {
    private final Runnable letIn;

    /** What is expected of the next batch. */
    private long nextBytes = FIRST_BYTES;

    private boolean mayRead;
    private boolean inLine;
    private long roundLetIn;

    private Reader(Runnable letIn) {
      this.letIn = letIn;
    }

    /**
     * Returns whether the next batch may be read now. After a no the reader stands in line, and is
     * let in later.
     */
    boolean mayRead() {
      synchronized (StreamRoom.this) {
        if (mayRead) {
          return true;
        }
        if (!inLine) {
          if (line.isEmpty() && fits(this)) {
            admit(this);
            return true;
          }
          inLine = true;
          line.add(this);
          startTimer();
        }
        return false;
      }
    }

    /**
     * Takes the memory for a batch. One that is larger than all the room is taken when no other is
     * there.
     *
     * @throws GroupCommitter.OverloadedException if there is none left; nothing is taken
     */
    void received(long bytes) {
      synchronized (StreamRoom.this) {
        expectNothing(this);
        if (takenBytes > 0 && takenBytes + bytes > mostBytes) {
          throw new GroupCommitter.OverloadedException();
        }
        nextBytes = bytes;
        takenBytes += bytes;
      }
    }

    /** Gives up the place of a stream that takes no more; batches that wait are decided later. */
    void leave() {
      synchronized (StreamRoom.this) {
        expectNothing(this);
        line.remove(this);
        inLine = false;
      }
    }
  }

  /**
   * Returns the place of a stream.
   *
   * @param letIn called when a reader in line may read, on the thread that calls {@link #letInNext}
   *     or a timer's; must be quick
   */
  Reader reader(Runnable letIn) {
    return new Reader(letIn);
  }

  /** Gives back the memory of a batch that is decided. */
  synchronized void decided(long bytes) {
    takenBytes -= bytes;
  }

  /** Lets in those at the head of the line who fit. The caller holds no lock. */
  void letInNext() {
    List<Reader> admitted = new ArrayList<>();
    synchronized (this) {
      while (!line.isEmpty() && fits(line.peek())) {
        Reader next = line.remove();
        next.inLine = false;
        admit(next);
        admitted.add(next);
      }
    }
    for (Reader reader : admitted) {
      try {
        reader.letIn.run();
      } catch (RuntimeException e) {
        // Most likely its call is closed already; the others must hear all the same.
        log.debug("a stream could not be told that it may read", e);
      }
    }
  }

  /** Returns the memory that batches take which are not decided yet, in bytes. */
  synchronized long takenBytes() {
    return takenBytes;
  }

  /** One who is larger than all the room is let in alone. */
  @GuardedBy("this")
  private boolean fits(Reader reader) {
    long others = takenBytes + expectedBytes + overdueBytes;
    return others == 0 || others + reader.nextBytes <= limitBytes;
  }

  @GuardedBy("this")
  private void admit(Reader reader) {
    reader.mayRead = true;
    reader.roundLetIn = round;
    expectedBytes += reader.nextBytes;
  }

  @GuardedBy("this")
  private void expectNothing(Reader reader) {
    if (reader.mayRead && reader.roundLetIn == round) {
      expectedBytes -= reader.nextBytes;
    } else if (reader.mayRead && reader.roundLetIn == round - 1) {
      overdueBytes -= reader.nextBytes;
    }
    reader.mayRead = false;
  }

  @GuardedBy("this")
  private void startTimer() {
    if (!timed && !timer.isShutdown()) {
      timed = true;
      Future<?> unused =
          timer.schedule(this::nextRound, patience.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private void nextRound() {
    synchronized (this) {
      round++;
      overdueBytes = expectedBytes;
      expectedBytes = 0;
    }
    try {
      letInNext();
    } finally {
      synchronized (this) {
        timed = false;
        if (!line.isEmpty()) {
          startTimer();
        }
      }
    }
  }

  /** Lets nobody in any more who is in line behind silent streams. */
  @Override
  public synchronized void close() {
    timer.shutdown();
  }
}
