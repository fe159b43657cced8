package dev.slipway.cli.gc;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets work end in good order when the process is told to stop: the process then waits, up to a
 * bound, until this is closed.
 */
final class GracefulStop implements AutoCloseable {
  private static final long MAX_WAIT_SECONDS = 30;

  private final CountDownLatch ended = new CountDownLatch(1);
  private final Thread hook = new Thread(this::awaitEnd, "graceful-stop");
  private volatile boolean asked;

  private GracefulStop() {}

  /** Begins to listen. */
  static GracefulStop listen() {
    GracefulStop stop = new GracefulStop();
    Runtime.getRuntime().addShutdownHook(stop.hook);
    return stop;
  }

  /** Returns whether the work is to end. */
  boolean isAsked() {
    return asked;
  }

  private void awaitEnd() {
    asked = true;
    try {
      boolean unused = ended.await(MAX_WAIT_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    ended.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process is stopping already.
      return;
    }
  }
}
