package dev.slipway.tracking.service;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import dev.slipway.tracking.store.CommitResult;
import dev.slipway.tracking.store.LogClosedException;
import dev.slipway.tracking.store.MetricStore;
import dev.slipway.tracking.store.RunWrite;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Commits what waits, together: one thread takes all writes that arrived while it was busy and
 * makes them durable in one transaction. Nobody waits for a timer, and the busier it is the larger
 * its commits get. Thread-safe.
 */
public final class GroupCommitter implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(GroupCommitter.class);

  /** Bounds the memory of one transaction. What exceeds it waits for the next one. */
  private static final long MAX_BYTES_PER_COMMIT = 32L * 1024 * 1024;

  private static final int MAX_WRITES_PER_COMMIT = 10_000;

  /**
   * The memory that the writes of calls take at most while they wait for one committer: beyond, the
   * server is so far behind that callers are better told. Those of streams have their own, which
   * {@link StreamRoom} keeps within bounds.
   */
  static final long MAX_WAITING_BYTES =
      Math.min(256L * 1024 * 1024, Runtime.getRuntime().maxMemory() / 8);

  /** Hears what became of a write; called on the committer's thread, so it must be quick. */
  public interface Outcome {
    /** Says that the write is durable and visible. */
    void committed();

    /**
     * Says that those that were committed together with the write have heard of it too. Who sends
     * many writes tells others here, once for all of them.
     */
    default void groupCommitted() {}

    /**
     * Says that the write was refused, in which case nothing of it was written; or, with a reason
     * of kind {@code UNAVAILABLE}, that the server cannot tell what became of it: look, or write
     * the same again.
     */
    void failed(RuntimeException reason);
  }

  /** Is a write whose outcome is told once. Only the committer's thread tells. */
  private static final class Waiting {
    private final RunWrite write;
    private final Outcome outcome;
    private final long bytes;
    private final boolean ofStream;
    private boolean told;

    Waiting(RunWrite write, Outcome outcome, boolean ofStream) {
      this.write = write;
      this.outcome = outcome;
      this.bytes = write.costBytes();
      this.ofStream = ofStream;
    }

    void committed() {
      tellOnce(outcome::committed);
    }

    void failed(RuntimeException reason) {
      tellOnce(() -> outcome.failed(reason));
    }

    void groupCommitted() {
      tell(outcome::groupCommitted);
    }

    private void tellOnce(Runnable listener) {
      if (!told) {
        told = true;
        tell(listener);
      }
    }

    private static void tell(Runnable listener) {
      try {
        listener.run();
      } catch (RuntimeException e) {
        // Most likely the call is closed already.
        log.debug("an outcome could not be told", e);
      }
    }
  }

  private final MetricStore store;
  private final LatestFolder folder;
  private final Clock clock;
  private final Consumer<CommitResult> committed;
  private final Thread thread;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final Object lock = new Object();

  @GuardedBy("lock")
  private final List<Waiting> queue = new ArrayList<>();

  @GuardedBy("lock")
  private long callBytes;

  @GuardedBy("lock")
  private boolean closed;

  /**
   * Creates a committer that is not started.
   *
   * @param name of its thread
   * @param committed hears of every commit, on the committer's thread, so it must be quick
   */
  GroupCommitter(
      String name,
      MetricStore store,
      LatestFolder folder,
      Clock clock,
      Consumer<CommitResult> committed) {
    this.store = store;
    this.folder = folder;
    this.clock = clock;
    this.committed = committed;
    this.thread = new Thread(this::run, name);
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /**
   * Hands a call's write over and returns at once.
   *
   * @throws OverloadedException if too many writes wait, or too large ones
   */
  void submit(RunWrite write, Outcome outcome) {
    add(new Waiting(write, outcome, false));
  }

  /** Hands over the write of a stream, for which {@link StreamRoom} has found memory. */
  void submitOfStream(RunWrite write, Outcome outcome) {
    add(new Waiting(write, outcome, true));
  }

  private void add(Waiting waiting) {
    synchronized (lock) {
      if (closed) {
        throw new StoppingException();
      }
      if (!waiting.ofStream) {
        if (callBytes + waiting.bytes > MAX_WAITING_BYTES) {
          throw new OverloadedException();
        }
        callBytes += waiting.bytes;
      }
      queue.add(waiting);
      lock.notifyAll();
    }
  }

  /** Commits what waits, then stops. */
  @Override
  public void close() {
    takeNoMore();
    boolean interrupted = false;
    for (boolean done = false; !done; ) {
      try {
        stopped.await();
        done = true;
      } catch (InterruptedException e) {
        // Whoever closes this goes on to close the database, which the last commit still needs.
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void takeNoMore() {
    synchronized (lock) {
      closed = true;
      lock.notifyAll();
    }
  }

  private void run() {
    try {
      for (List<Waiting> group = take(); !group.isEmpty(); group = take()) {
        try {
          commitGroup(group);
        } catch (Error e) {
          takeNoMore();
          fail(group, new StoppingException());
          throw e;
        }
      }
    } finally {
      abandonRest();
      stopped.countDown();
    }
  }

  /** Nobody may wait for a thread that is gone, be it that it died of an error. */
  private void abandonRest() {
    List<Waiting> rest;
    synchronized (lock) {
      closed = true;
      rest = List.copyOf(queue);
      queue.clear();
      callBytes = 0;
    }
    fail(rest, new StoppingException());
  }

  private static void fail(List<Waiting> group, RuntimeException reason) {
    group.forEach(waiting -> waiting.failed(reason));
  }

  /** Returns whether writes are taken. */
  boolean isOpen() {
    synchronized (lock) {
      return !closed;
    }
  }

  /** Returns whether writes wait for the commit after the one under way. */
  boolean isBusy() {
    synchronized (lock) {
      return !queue.isEmpty();
    }
  }

  /** Returns what waits, after waiting for something; empty when all is done and this is closed. */
  private List<Waiting> take() {
    synchronized (lock) {
      while (queue.isEmpty() && !closed) {
        try {
          lock.wait();
        } catch (InterruptedException e) {
          log.warn("the committer does not stop for an interrupt, only when it is closed");
        }
      }
      int count = 0;
      long bytes = 0;
      while (count < queue.size()
          && count < MAX_WRITES_PER_COMMIT
          && (count == 0 || bytes + queue.get(count).bytes <= MAX_BYTES_PER_COMMIT)) {
        Waiting next = queue.get(count);
        bytes += next.bytes;
        callBytes -= next.ofStream ? 0 : next.bytes;
        count++;
      }
      List<Waiting> first = queue.subList(0, count);
      List<Waiting> group = new ArrayList<>(first);
      first.clear();
      return group;
    }
  }

  private void commitGroup(List<Waiting> group) {
    CommitResult result;
    try {
      result = store(group);
    } catch (RuntimeException e) {
      commitOneByOne(group, e);
      return;
    }
    tell(group, result);
  }

  private void tell(List<Waiting> group, CommitResult result) {
    // First, so that they know of all that a caller has been told when it ends its run.
    try {
      committed.accept(result);
    } catch (RuntimeException e) {
      log.warn("a commit could not be told to those who follow up on it", e);
    }
    for (int i = 0; i < group.size(); i++) {
      Waiting waiting = group.get(i);
      result.refusals().get(i).ifPresentOrElse(waiting::failed, waiting::committed);
    }
    group.forEach(Waiting::groupCommitted);
  }

  private CommitResult store(List<Waiting> group) {
    List<RunWrite> writes = group.stream().map(waiting -> waiting.write).toList();
    while (true) {
      LatestFolder.Place place = folder.nextCommit();
      try {
        CommitResult result =
            store.commit(place.logId(), place.commitNo(), writes, clock.instant());
        folder.committed(place, result.latest());
        return result;
      } catch (LogClosedException e) {
        log.info("{}; opening another one", e.getMessage());
        folder.reopen();
      } catch (RuntimeException | Error e) {
        folder.inDoubt(place);
        throw e;
      }
    }
  }

  /**
   * A write that the database cannot take must not take its neighbours down with it. One that was
   * written by the first attempt all the same is not written again. Without a database, or with one
   * that may have committed just now, there is nothing to be gained.
   */
  private void commitOneByOne(List<Waiting> group, RuntimeException failure) {
    boolean unavailable =
        failure instanceof ServiceException known && known.kind() == ErrorKind.UNAVAILABLE;
    if (group.size() == 1 || unavailable) {
      fail(group, failure);
      return;
    }
    log.warn("a commit of {} writes failed; trying them one by one", group.size(), failure);
    for (Waiting waiting : group) {
      CommitResult result;
      try {
        result = store(List.of(waiting));
      } catch (RuntimeException e) {
        waiting.failed(e);
        continue;
      }
      tell(List.of(waiting), result);
    }
  }

  /** Reports that too many writes wait. */
  static final class OverloadedException extends ServiceException {
    private static final long serialVersionUID = 1L;

    OverloadedException() {
      super(
          ErrorKind.RESOURCE_EXHAUSTED,
          "TOO_MANY_WRITES",
          "too many writes wait for the database; try again in a moment",
          Map.of());
    }
  }

  /** Reports that the server stops. */
  public static final class StoppingException extends ServiceException {
    private static final long serialVersionUID = 1L;

    /** Creates the failure. */
    public StoppingException() {
      super(
          ErrorKind.UNAVAILABLE,
          "SERVER_STOPPING",
          "the server is stopping; try again, with another one or in a moment",
          Map.of());
    }
  }
}
