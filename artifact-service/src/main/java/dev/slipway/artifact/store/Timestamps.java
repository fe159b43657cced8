package dev.slipway.artifact.store;

import java.time.Clock;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;

/** Turns instants into what columns keep, to the microsecond. Stateless. */
final class Timestamps {
  private Timestamps() {}

  static OffsetDateTime now(Clock clock) {
    return of(clock.instant());
  }

  static OffsetDateTime of(Instant instant) {
    // Databases keep microseconds; what is answered must be what will be read.
    return OffsetDateTime.ofInstant(instant.truncatedTo(ChronoUnit.MICROS), ZoneOffset.UTC);
  }
}
