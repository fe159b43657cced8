package dev.slipway.engine.predictor.python;

import java.time.Duration;

/**
 * How long to wait before a worker is started again: not at all after the first end, then from
 * {@link #SHORTEST} to {@link #LONGEST}, doubled each time; from the beginning again once a worker
 * has lived for {@link #STEADY}. Not thread-safe.
 */
final class BackOff {

  static final Duration SHORTEST = Duration.ofMillis(250);
  static final Duration LONGEST = Duration.ofSeconds(30);
  static final Duration STEADY = Duration.ofMinutes(1);

  private Duration next = Duration.ZERO;

  /** Returns the wait after an end, given how long the worker answered before it. */
  Duration after(Duration lived) {
    if (lived.compareTo(STEADY) >= 0) {
      next = Duration.ZERO;
    }
    Duration wait = next;
    Duration doubled = next.multipliedBy(2);
    next = next.isZero() ? SHORTEST : doubled.compareTo(LONGEST) > 0 ? LONGEST : doubled;
    return wait;
  }
}
