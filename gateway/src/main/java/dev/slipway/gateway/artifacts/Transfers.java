package dev.slipway.gateway.artifacts;

import dev.slipway.gateway.mlflow.ErrorCode;
import dev.slipway.gateway.mlflow.MlflowException;
import io.grpc.StatusException;
import java.io.IOException;
import java.util.concurrent.Semaphore;

/**
 * Bounds how many files move at a time: each holds a thread of the edge for as long as its client
 * likes, and other requests need some too. Thread-safe.
 */
final class Transfers {
  private final Semaphore places;

  /** Moves a file. */
  interface Transfer {
    /** Returns when it has been moved, or fails. */
    void run() throws IOException, InterruptedException, StatusException;
  }

  /**
   * Creates the bound.
   *
   * @param max files that may move at a time, at least 1
   */
  Transfers(int max) {
    this.places = new Semaphore(max);
  }

  /**
   * Moves a file.
   *
   * @throws MlflowException if as many are moved as may be
   */
  void run(Transfer transfer) throws IOException, InterruptedException, StatusException {
    if (!places.tryAcquire()) {
      throw new MlflowException(
          ErrorCode.TEMPORARILY_UNAVAILABLE, "Too many files are being moved; try again");
    }
    try {
      transfer.run();
    } finally {
      places.release();
    }
  }
}
