package dev.slipway.client;

import java.time.Duration;

/**
 * Says how files are moved.
 *
 * @param parallelFiles how many files of a folder are moved at a time, 1 or more
 * @param maxAttempts how often in a row a file may fail without any byte getting through before the
 *     transfer is given up, 1 or more
 * @param firstBackoff how long to wait after the first failure; doubles with each further one, with
 *     some chance in it
 * @param maxBackoff how long to wait at most
 */
public record TransferOptions(
    int parallelFiles, int maxAttempts, Duration firstBackoff, Duration maxBackoff) {
  /** Four files at a time, eight attempts, waits from 0.1 to 10 seconds. */
  public static final TransferOptions DEFAULT =
      new TransferOptions(4, 8, Duration.ofMillis(100), Duration.ofSeconds(10));

  /** Checks ranges. */
  public TransferOptions {
    if (parallelFiles < 1 || maxAttempts < 1) {
      throw new IllegalArgumentException("parallelFiles and maxAttempts are 1 or more");
    }
    if (firstBackoff.isNegative() || maxBackoff.isNegative()) {
      throw new IllegalArgumentException("a back-off is not negative");
    }
  }
}
