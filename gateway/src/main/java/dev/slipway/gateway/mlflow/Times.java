package dev.slipway.gateway.mlflow;

import com.google.protobuf.Timestamp;

/** Turns protobuf's times into MLflow's milliseconds since 1970 and back. */
final class Times {
  /** The greatest time that protobuf knows: 9999-12-31T23:59:59.999Z. */
  static final long MAX_MILLIS = 253_402_300_799_999L;

  private static final long MILLIS_PER_SECOND = 1_000;
  private static final int NANOS_PER_MILLI = 1_000_000;

  private Times() {}

  static long toMillis(Timestamp time) {
    return time.getSeconds() * MILLIS_PER_SECOND + time.getNanos() / NANOS_PER_MILLI;
  }

  static Timestamp ofMillis(long millis) {
    return Timestamp.newBuilder()
        .setSeconds(Math.floorDiv(millis, MILLIS_PER_SECOND))
        .setNanos((int) Math.floorMod(millis, MILLIS_PER_SECOND) * NANOS_PER_MILLI)
        .build();
  }
}
