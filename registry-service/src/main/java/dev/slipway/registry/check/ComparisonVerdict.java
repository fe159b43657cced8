package dev.slipway.registry.check;

import dev.slipway.registry.check.CheckCondition.Comparison;
import dev.slipway.registry.check.CheckCondition.Comparison.Goal;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** Decides whether a metric of a version is as good as that of its predecessor. */
public final class ComparisonVerdict {
  /** Says that a version has no predecessor. */
  public static final String NOBODY = "there is no version to compare with";

  private ComparisonVerdict() {}

  /**
   * Compares two latest values. A value that was not logged is not as good as any; NaN is not as
   * good as a number, and any number is better than NaN.
   *
   * @param own the version's value; absent when its run has none
   * @param other the predecessor's value; absent when its run has none, and then there is no
   *     verdict
   */
  public static Verdict of(
      Comparison condition, OptionalDouble own, Predecessor before, OptionalDouble other) {
    String key = condition.metricKey();
    if (own.isEmpty()) {
      return verdict(CheckOutcome.FAILED, key + " was not logged", before, List.of());
    }
    if (other.isEmpty()) {
      return verdict(
          CheckOutcome.MISSING, key + " was not logged for " + before, before, List.of());
    }
    double value = own.getAsDouble();
    double others = other.getAsDouble();
    boolean passed = asGood(condition, value, others);
    String symbol = condition.goal() == Goal.MAXIMIZE ? ">=" : "<=";
    String tolerated =
        condition.tolerance() == 0
            ? ""
            : (condition.goal() == Goal.MAXIMIZE ? " - " : " + ")
                + Numbers.text(condition.tolerance());
    String expected = symbol + " " + Numbers.text(others) + tolerated;
    return verdict(
        passed ? CheckOutcome.PASSED : CheckOutcome.FAILED,
        "%s %s %s %s (%s)"
            .formatted(key, Numbers.text(value), passed ? "is" : "is not", expected, before),
        before,
        List.of(new CheckComparison("metrics." + key, expected, Numbers.text(value), passed)));
  }

  private static boolean asGood(Comparison condition, double own, double others) {
    if (Double.isNaN(own)) {
      return false;
    }
    if (Double.isNaN(others) || own == others) {
      return true;
    }
    return condition.goal() == Goal.MAXIMIZE
        ? own >= others - condition.tolerance()
        : own <= others + condition.tolerance();
  }

  private static Verdict verdict(
      CheckOutcome outcome, String summary, Predecessor before, List<CheckComparison> comparisons) {
    return new Verdict(
        outcome, summary, Optional.of(before.number()), Optional.empty(), comparisons);
  }
}
