package dev.slipway.client;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Wakes the one thread that waits for something to do. Any thread may signal; signals add up to
 * one.
 */
final class Wakeup {
  private final Semaphore permit = new Semaphore(0);

  void signal() {
    if (permit.availablePermits() == 0) {
      permit.release();
    }
  }

  /** Waits for a signal, also one from before, but not longer than a time. */
  void await(long nanos) throws InterruptedException {
    if (permit.tryAcquire(nanos, TimeUnit.NANOSECONDS)) {
      permit.drainPermits();
    }
  }
}
