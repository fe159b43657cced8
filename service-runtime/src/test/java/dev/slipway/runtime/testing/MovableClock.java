package dev.slipway.runtime.testing;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.atomic.AtomicReference;

/** Stands still, in UTC, until a test puts it forward. Thread-safe. */
public final class MovableClock extends Clock {
  private final AtomicReference<Instant> now;

  /** Creates a clock that stands at some time. */
  public MovableClock(Instant start) {
    now = new AtomicReference<>(start);
  }

  /** Puts the clock forward. */
  public void advance(Duration duration) {
    now.updateAndGet(time -> time.plus(duration));
  }

  @Override
  public Instant instant() {
    return now.get();
  }

  @Override
  public ZoneId getZone() {
    return ZoneOffset.UTC;
  }

  @Override
  public Clock withZone(ZoneId zone) {
    return Clock.fixed(instant(), zone);
  }
}
