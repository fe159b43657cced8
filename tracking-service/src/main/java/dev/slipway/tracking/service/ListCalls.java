package dev.slipway.tracking.service;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * Bounds how many lists are read at once, so that however many people search, whoever commits and
 * folds finds a connection to the database. Who comes first is served first. Thread-safe.
 */
public final class ListCalls {
  /**
   * Connections for the committer, its flush to disk, the fold, the feed of the watches and the two
   * threads that read first states for them.
   */
  private static final int RESERVED = 6;

  private static final long MAX_WAIT_SECONDS = 10;

  private final Semaphore permits;

  /**
   * Creates the bound.
   *
   * @param connections size of the database's pool
   */
  public ListCalls(int connections) {
    this.permits = new Semaphore(Math.max(1, connections - RESERVED), true);
  }

  /**
   * Reads a list when it is its turn.
   *
   * @throws ServiceException of kind {@code RESOURCE_EXHAUSTED} if its turn does not come in time
   */
  public <T> T call(Supplier<T> list) {
    try {
      if (!permits.tryAcquire(MAX_WAIT_SECONDS, TimeUnit.SECONDS)) {
        throw new OverloadedException();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new GroupCommitter.StoppingException();
    }
    try {
      return list.get();
    } finally {
      permits.release();
    }
  }

  /** Reports that too many lists are asked for. */
  static final class OverloadedException extends ServiceException {
    private static final long serialVersionUID = 1L;

    OverloadedException() {
      super(
          ErrorKind.RESOURCE_EXHAUSTED,
          "TOO_MANY_SEARCHES",
          "too many searches wait for the database; try again in a moment",
          Map.of());
    }
  }
}
