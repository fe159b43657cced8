package dev.slipway.engine.packaging;

/**
 * How far one output of a golden request is from the expected one.
 *
 * @param output its name
 * @param maxAbsolute the largest {@code |actual - expected|} over all numbers that both have;
 *     infinite where one is NaN or infinite and the other is not
 * @param maxRelative the largest {@code |actual - expected| / |expected|} over the same, expected
 *     zeros aside
 * @param mismatches elements outside the tolerances
 * @param elements elements compared; 0 when the output is missing or of another type or shape
 * @param worstIndex row-major position of the worst element outside the tolerances; -1 for none
 */
public record OutputDeviation(
    String output,
    double maxAbsolute,
    double maxRelative,
    long mismatches,
    long elements,
    long worstIndex) {
  static OutputDeviation notCompared(String output) {
    return new OutputDeviation(output, 0, 0, 0, 0, -1);
  }
}
