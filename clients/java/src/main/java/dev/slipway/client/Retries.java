package dev.slipway.client;

import io.grpc.Status;
import io.grpc.StatusException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Decides whether a transfer is tried again, and waits before it is. For one transfer, one thread.
 */
final class Retries {
  /**
   * What may pass: the server or the way to it is away; the upload is still held by its broken
   * stream; a chunk was damaged, or the server has fewer bytes than it said, which asking it again
   * mends.
   */
  private static final Set<Status.Code> MAY_PASS =
      Set.of(
          Status.Code.UNAVAILABLE,
          Status.Code.ABORTED,
          Status.Code.DATA_LOSS,
          Status.Code.OUT_OF_RANGE);

  private final TransferOptions options;
  private int failuresInARow;
  private boolean failed;
  private long furthest;

  Retries(TransferOptions options) {
    this.options = options;
  }

  boolean failed() {
    return failed;
  }

  /** Notes that a transfer came further than before, which gives it all its attempts back. */
  void progressed(long position) {
    if (position > furthest) {
      furthest = position;
      failuresInARow = 0;
    }
  }

  /** Waits before another attempt, longer each time, or gives up. */
  void waitOrThrow(String what, StatusException failure)
      throws TransferException, InterruptedException {
    failed = true;
    failuresInARow++;
    Status status = failure.getStatus();
    if (!MAY_PASS.contains(status.getCode()) || failuresInARow >= options.maxAttempts()) {
      throw new TransferException(
          what + " failed: " + status.getCode() + ": " + status.getDescription(),
          status.getCode(),
          failure);
    }
    Thread.sleep(Backoff.millis(options.firstBackoff(), options.maxBackoff(), failuresInARow));
  }

  /**
   * Computes waits that double, each between half and all of its share, so that clients spread out.
   */
  static final class Backoff {
    private static final int MAX_DOUBLINGS = 20;

    private Backoff() {}

    static long millis(Duration first, Duration max, int failures) {
      long full =
          Math.min(
              max.toMillis(),
              first.toMillis() << Math.min(MAX_DOUBLINGS, Math.max(0, failures - 1)));
      return full / 2 + ThreadLocalRandom.current().nextLong(full / 2 + 1);
    }
  }
}
