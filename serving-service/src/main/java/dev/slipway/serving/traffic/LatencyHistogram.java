package dev.slipway.serving.traffic;

/**
 * Counts durations in buckets each at most a sixteenth wide, from about a microsecond to days, in 6
 * KiB whatever it counts. Not thread-safe.
 */
final class LatencyHistogram {
  /** Buckets per doubling, as a shift. */
  private static final int FINE_SHIFT = 4;

  private static final int FINE = 1 << FINE_SHIFT;

  /** A unit is about a microsecond. */
  private static final int UNIT_SHIFT = 10;

  private static final int BUCKETS = (Long.SIZE - UNIT_SHIFT - FINE_SHIFT) * FINE;

  private final long[] counts = new long[BUCKETS];
  private long total;

  void record(long nanos) {
    counts[bucket(Math.max(0, nanos) >>> UNIT_SHIFT)]++;
    total++;
  }

  private static int bucket(long units) {
    if (units < FINE) {
      return (int) units;
    }
    int exponent = Long.SIZE - 1 - Long.numberOfLeadingZeros(units);
    int fine = (int) (units >>> (exponent - FINE_SHIFT)) & (FINE - 1);
    return (exponent - FINE_SHIFT + 1) * FINE + fine;
  }

  /** Returns the first duration beyond a bucket. */
  private static double endNanos(int bucket) {
    if (bucket < FINE) {
      return (double) (bucket + 1) * (1 << UNIT_SHIFT);
    }
    double width = Math.scalb(1.0, bucket / FINE - 1 + UNIT_SHIFT);
    return (FINE + bucket % FINE + 1) * width;
  }

  void add(LatencyHistogram other) {
    for (int i = 0; i < BUCKETS; i++) {
      counts[i] += other.counts[i];
    }
    total += other.total;
  }

  long total() {
    return total;
  }

  /**
   * Returns a duration that a share of those counted are not beyond, up to a sixteenth too large; 0
   * when nothing was counted.
   *
   * @param share above 0, to 1
   */
  double percentileNanos(double share) {
    long rank = (long) Math.ceil(share * total);
    long seen = 0;
    for (int i = 0; i < BUCKETS && rank > 0; i++) {
      seen += counts[i];
      if (seen >= rank) {
        return endNanos(i);
      }
    }
    return 0;
  }
}
