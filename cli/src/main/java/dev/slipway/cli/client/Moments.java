package dev.slipway.cli.client;

import com.google.protobuf.Timestamp;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;

/** Writes moments as people read them. Stateless. */
public final class Moments {
  private static final int DAYS_PER_YEAR = 365;

  private Moments() {}

  /** Returns how long ago it was, in one unit: {@code 40s}, {@code 5m}, {@code 3h}, {@code 12d}. */
  public static String age(Timestamp moment, Clock clock) {
    long seconds = Math.max(0, Duration.between(instant(moment), clock.instant()).toSeconds());
    if (seconds < 60) {
      return seconds + "s";
    } else if (seconds < 3_600) {
      return seconds / 60 + "m";
    } else if (seconds < 86_400) {
      return seconds / 3_600 + "h";
    }
    long days = seconds / 86_400;
    return days < DAYS_PER_YEAR ? days + "d" : days / DAYS_PER_YEAR + "y";
  }

  /** Returns the moment to the second: {@code 2026-11-22T10:15:30Z}. */
  public static String exact(Timestamp moment) {
    return DateTimeFormatter.ISO_INSTANT.format(instant(moment).truncatedTo(ChronoUnit.SECONDS));
  }

  private static Instant instant(Timestamp moment) {
    return Instant.ofEpochSecond(moment.getSeconds(), moment.getNanos());
  }
}
