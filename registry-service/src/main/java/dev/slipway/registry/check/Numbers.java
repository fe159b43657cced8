package dev.slipway.registry.check;

/** Writes numbers for people. */
public final class Numbers {
  /** Whole numbers below this are written without a fraction. */
  private static final double MAX_WHOLE = 1e15;

  private Numbers() {}

  /** Returns the shortest text that is the number and no other: {@code 20}, {@code 0.942}. */
  public static String text(double number) {
    return number == Math.rint(number) && Math.abs(number) < MAX_WHOLE
        ? Long.toString((long) number)
        : Double.toString(number);
  }
}
