package dev.slipway.cli.client;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Interrupts the thread that made it when the process is told to stop, and lets it clean up: the
 * process waits, up to a bound, until {@link #end}.
 */
public final class InterruptAtExit {
  private static final long MAX_WAIT_SECONDS = 10;

  private final CountDownLatch ended = new CountDownLatch(1);
  private final Thread worker = Thread.currentThread();
  private final Thread hook = new Thread(this::stop, "interrupt-at-exit");

  private InterruptAtExit() {}

  /** Begins to listen. */
  public static InterruptAtExit listen() {
    InterruptAtExit listening = new InterruptAtExit();
    Runtime.getRuntime().addShutdownHook(listening.hook);
    return listening;
  }

  private void stop() {
    worker.interrupt();
    try {
      boolean unused = ended.await(MAX_WAIT_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends the wait. Idempotent. */
  public void end() {
    ended.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process is stopping already.
      return;
    }
  }
}
