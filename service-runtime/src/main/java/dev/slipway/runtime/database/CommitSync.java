package dev.slipway.runtime.database;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Shares one expensive flush among all commits that wait for it.
 *
 * <p>A commit is durable once a flush that <em>began after</em> the commit has ended. The first
 * waiter runs the flush; those that arrive meanwhile wait for the next one, which covers them all.
 * Under load this costs one flush for many commits and without load it adds nothing. Thread-safe.
 */
final class CommitSync {
  private final Runnable flush;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition flushEnded = lock.newCondition();

  @GuardedBy("lock")
  private long begun;

  @GuardedBy("lock")
  private long succeeded;

  @GuardedBy("lock")
  private boolean flushing;

  CommitSync(Runnable flush) {
    this.flush = flush;
  }

  /**
   * Returns once everything that the calling thread committed before is flushed. Waits
   * uninterruptibly: an interrupt must not pass off a commit as durable that is not.
   */
  void await() {
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
