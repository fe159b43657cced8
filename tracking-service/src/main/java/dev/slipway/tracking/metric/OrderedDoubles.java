package dev.slipway.tracking.metric;

/**
 * Writes doubles as 64-bit numbers that compare as {@link Double#compare} compares the doubles: NaN
 * is the greatest, -0.0 is less than 0.0. All NaN become one.
 */
public final class OrderedDoubles {
  private OrderedDoubles() {}

  /** Returns the number of a double. */
  public static long encode(double value) {
    return flip(Double.doubleToLongBits(value));
  }

  /** Returns the double of a number. */
  public static double decode(long number) {
    return Double.longBitsToDouble(flip(number));
  }

  /** Negative doubles have their greater magnitude at the greater bits: turns them around. */
  private static long flip(long bits) {
    return bits ^ ((bits >> (Long.SIZE - 1)) & Long.MAX_VALUE);
  }
}
