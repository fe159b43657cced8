package dev.slipway.engine.predictor.xgboost;

import java.util.Set;

/**
 * An intercept with one value per output, which XGBoost 3.0 has no place for: it is added to the
 * margins that the trees give, and the objective's transformation follows here, in the arithmetic
 * of XGBoost's {@code Softmax}.
 */
final class Intercept {

  private static final String SOFTPROB = "multi:softprob";
  private static final String SOFTMAX = "multi:softmax";

  /**
   * The objectives whose link is the identity, so that the intercept is in the units of the margin.
   */
  private static final Set<String> OBJECTIVES =
      Set.of(
          SOFTPROB,
          SOFTMAX,
          "reg:squarederror",
          "reg:absoluteerror",
          "reg:pseudohubererror",
          "reg:quantileerror");

  private final float[] values;
  private final String objective;

  Intercept(float[] values, String objective) {
    this.values = values.clone();
    this.objective = objective;
  }

  static boolean supports(String objective) {
    return OBJECTIVES.contains(objective);
  }

  /** Returns the answers for rows of margins, overwriting those. */
  float[][] apply(float[][] margins) {
    for (int i = 0; i < margins.length; i++) {
      float[] row = margins[i];
      for (int j = 0; j < row.length; j++) {
        row[j] += values[j];
      }
      if (objective.equals(SOFTPROB)) {
        softmax(row);
      } else if (objective.equals(SOFTMAX)) {
        margins[i] = new float[] {indexOfLargest(row)};
      }
    }
    return margins;
  }

  private static void softmax(float[] row) {
    float largest = row[indexOfLargest(row)];
    double sum = 0;
    for (int j = 0; j < row.length; j++) {
      row[j] = (float) Math.exp(row[j] - largest);
      sum += row[j];
    }
    for (int j = 0; j < row.length; j++) {
      row[j] /= (float) sum;
    }
  }

  /** Returns the first index of the largest value. */
  static int indexOfLargest(float[] row) {
    int best = 0;
    for (int j = 1; j < row.length; j++) {
      if (row[j] > row[best]) {
        best = j;
      }
    }
    return best;
  }
}
