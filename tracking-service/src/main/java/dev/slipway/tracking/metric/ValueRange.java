package dev.slipway.tracking.metric;

/**
 * Gathers the smallest and the greatest of some values, NaN left out and -0.0 less than 0.0. Not
 * thread-safe.
 */
final class ValueRange {
  private double min = Double.NaN;
  private double max = Double.NaN;

  void add(double value) {
    if (Double.isNaN(value)) {
      return;
    }
    min = Double.isNaN(min) ? value : Math.min(min, value);
    max = Double.isNaN(max) ? value : Math.max(max, value);
  }

  /** Returns the smallest value; NaN when there was nothing but NaN. */
  double min() {
    return min;
  }

  /** Returns the greatest value; NaN when there was nothing but NaN. */
  double max() {
    return max;
  }
}
