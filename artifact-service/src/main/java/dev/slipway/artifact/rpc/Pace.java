package dev.slipway.artifact.rpc;

import java.util.concurrent.TimeUnit;

/** Says when the next message about progress is due, about once a second. For one thread. */
final class Pace {
  private static final long PERIOD_NANOS = TimeUnit.SECONDS.toNanos(1);

  private long last = System.nanoTime();

  boolean isDue() {
    long now = System.nanoTime();
    if (now - last < PERIOD_NANOS) {
      return false;
    }
    last = now;
    return true;
  }
}
