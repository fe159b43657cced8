package dev.slipway.registry.webhook;

import java.time.Duration;

/**
 * Says how long to wait between attempts: 1 s, doubling up to 1 h, each a fifth shorter to a fifth
 * longer, so that those that failed together do not come back together.
 */
final class RetryPause {
  private static final long FIRST_MILLIS = 1000;
  private static final long MAX_MILLIS = Duration.ofHours(1).toMillis();
  private static final int MAX_DOUBLINGS = 12;

  private RetryPause() {}

  /**
   * Returns the pause after some failures.
   *
   * @param failures from 1
   * @param jitter 0 (inclusive) to 1 (exclusive)
   */
  static Duration after(int failures, double jitter) {
    long doubled = FIRST_MILLIS << Math.min(failures - 1, MAX_DOUBLINGS);
    return Duration.ofMillis((long) (Math.min(doubled, MAX_MILLIS) * (0.8 + 0.4 * jitter)));
  }
}
