package dev.slipway.runtime.database;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Shares one expensive flush among all that wait for it, such as commits that are to be on disk.
 *
 * <p>What a caller did before is covered by a flush that <em>began after</em> it. The first waiter
 * runs the flush; those that arrive meanwhile wait for the next one, which covers them all. Under
 * load this costs one flush for many callers and without load it adds nothing. Thread-safe.
 */
public final class SharedFlush {
  private final Runnable flush;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition flushEnded = lock.newCondition();

  @GuardedBy("lock")
  private long begun;

  @GuardedBy("lock")
  private long succeeded;

  @GuardedBy("lock")
  private boolean flushing;

  /**
   * Creates it.
   *
   * @param flush covers all that was done before it begins; what it throws, the caller that runs it
   *     gets, and the next one tries again
   */
  public SharedFlush(Runnable flush) {
    this.flush = flush;
  }

  /**
   * Returns once everything that the calling thread did before is flushed. Waits uninterruptibly:
   * an interrupt must not pass off a commit as durable that is not.
   */
  public void await() {
    long mine;
    lock.lock();
    try {
      long needed = begun + 1;
      while (succeeded < needed && flushing) {
        flushEnded.awaitUninterruptibly();
      }
      if (succeeded >= needed) {
        return;
      }
      flushing = true;
      mine = ++begun;
    } finally {
      lock.unlock();
    }
    boolean done = false;
    try {
      flush.run();
      done = true;
    } finally {
      lock.lock();
      try {
        flushing = false;
        if (done) {
          succeeded = mine;
        }
        flushEnded.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }
}
