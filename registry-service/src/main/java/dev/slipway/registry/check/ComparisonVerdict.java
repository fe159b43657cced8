package dev.slipway.registry.check;

import dev.slipway.registry.check.CheckCondition.Comparison;
import dev.slipway.registry.check.CheckCondition.Comparison.Goal;
import dev.slipway.registry.version.VersionNumber;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** Decides whether a metric of a version is as good as that of the stage's holder. */
public final class ComparisonVerdict {
  private ComparisonVerdict() {}

  /**
   * Compares two latest values. A value that was not logged is not as good as any; NaN is not as
   * good as a number, and any number is better than NaN.
   *
   * @param own the version's value; absent when its run has none
   * @param holder number of the version that it would replace
   * @param other that version's value; absent when its run has none, and then there is no verdict
   */
  public static Verdict of(
      Comparison condition, OptionalDouble own, VersionNumber holder, OptionalDouble other) {
    String key = condition.metricKey();
    if (own.isEmpty()) {
      return verdict(CheckOutcome.FAILED, key + " was not logged", holder, List.of());
    }
    if (other.isEmpty()) {
      return verdict(
          CheckOutcome.MISSING, key + " was not logged for version " + holder, holder, List.of());
    }
    double value = own.getAsDouble();
    double holders = other.getAsDouble();
    boolean passed = asGood(condition, value, holders);
    String symbol = condition.goal() == Goal.MAXIMIZE ? ">=" : "<=";
    String tolerated =
        condition.tolerance() == 0
            ? ""
            : (condition.goal() == Goal.MAXIMIZE ? " - " : " + ")
                + Numbers.text(condition.tolerance());
    String expected = symbol + " " + Numbers.text(holders) + tolerated;
    return verdict(
        passed ? CheckOutcome.PASSED : CheckOutcome.FAILED,
        "%s %s %s %s (version %s)"
            .formatted(key, Numbers.text(value), passed ? "is" : "is not", expected, holder),
        holder,
        List.of(new CheckComparison("metrics." + key, expected, Numbers.text(value), passed)));
  }

  private static boolean asGood(Comparison condition, double own, double holders) {
    if (Double.isNaN(own)) {
      return false;
    }
    if (Double.isNaN(holders) || own == holders) {
      return true;
    }
    return condition.goal() == Goal.MAXIMIZE
        ? own >= holders - condition.tolerance()
        : own <= holders + condition.tolerance();
  }

  private static Verdict verdict(
      CheckOutcome outcome,
      String summary,
      VersionNumber holder,
      List<CheckComparison> comparisons) {
    return new Verdict(outcome, summary, Optional.of(holder), Optional.empty(), comparisons);
  }
}
