package dev.slipway.tracking.metric;

/**
 * Divides a range of 64-bit numbers into buckets of equal width: x falls into bucket {@code
 * floor((x - min) * buckets / (max - min + 1))}, computed without overflow or rounding. A range of
 * fewer numbers than buckets gives every number a bucket of its own.
 */
final class BucketScale {
  private final long min;
  private final int buckets;

  /** The range holds {@code width * buckets + rest} numbers; both may be beyond 63 bits. */
  private final long width;

  private final long rest;

  /**
   * Creates a scale.
   *
   * @param max inclusive, not below {@code min}
   * @param buckets from 1 to {@link ChartQuery#MAX_BUCKETS}
   */
  BucketScale(long min, long max, int buckets) {
    this.min = min;
    this.buckets = buckets;
    long span = max - min;
    long wholes = Long.divideUnsigned(span, buckets);
    long others = Long.remainderUnsigned(span, buckets) + 1;
    this.width = others == buckets ? wholes + 1 : wholes;
    this.rest = others == buckets ? 0 : others;
  }

  /** Returns the bucket of a number that is in the range, from 0. */
  int bucket(long x) {
    if (buckets == 1) {
      return 0;
    }
    long distance = x - min;
    if (width == 0) {
      // Fewer numbers than buckets.
      return (int) (distance * buckets / rest);
    }
    // Never beyond the right one, since no bucket is wider than this.
    long estimate = Long.divideUnsigned(distance, rest == 0 ? width : width + 1);
    int low = (int) estimate;
    int high = Math.min(buckets - 1, (int) Long.divideUnsigned(distance, width));
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (Long.compareUnsigned(distance, start(middle)) >= 0) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  /** Returns the least number of a bucket that has any. */
  long first(int bucket) {
    return min + start(bucket);
  }

  /** Returns the greatest number of a bucket that has any. */
  long last(int bucket) {
    return min + start(bucket + 1) - 1;
  }

  /** Returns how far from the range's left end the bucket begins. */
  private long start(int bucket) {
    return bucket * width + (bucket * rest + buckets - 1) / buckets;
  }
}
