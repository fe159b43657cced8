package dev.slipway.runtime.database;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Stops executors whose tasks use a database and must not be interrupted: H2 closes its file when a
 * thread is that reads or writes it.
 */
public final class GracefulStop {
  private GracefulStop() {}

  /** Takes no more tasks and waits for those that run and wait, however long it takes. */
  public static void stop(ExecutorService executor) {
    executor.shutdown();
    boolean interrupted = false;
    for (boolean done = false; !done; ) {
      try {
        done = executor.awaitTermination(1, TimeUnit.MINUTES);
      } catch (InterruptedException e) {
        // Whoever stops this goes on to close the database, which the tasks still need.
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
