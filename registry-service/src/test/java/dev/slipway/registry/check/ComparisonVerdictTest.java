package dev.slipway.registry.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.registry.check.CheckCondition.Comparison;
import dev.slipway.registry.check.CheckCondition.Comparison.Goal;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ComparisonVerdictTest {
  private static final Predecessor HOLDER =
      new Predecessor(CheckedVersions.version(7, Optional.empty()), false);

  private static OptionalDouble value(String text) {
    return text.equals("-") ? OptionalDouble.empty() : OptionalDouble.of(Double.parseDouble(text));
  }

  @ParameterizedTest
  @CsvSource({
    "MAXIMIZE, 0,    0.95, 0.9,  PASSED",
    "MAXIMIZE, 0,    0.9,  0.9,  PASSED",
    "MAXIMIZE, 0,    0.89, 0.9,  FAILED",
    "MAXIMIZE, 0.25, 0.75, 1,    PASSED",
    "MAXIMIZE, 0.25, 0.74, 1,    FAILED",
    "MINIMIZE, 0,    0.1,  0.2,  PASSED",
    "MINIMIZE, 0,    0.2,  0.2,  PASSED",
    "MINIMIZE, 0,    0.3,  0.2,  FAILED",
    "MINIMIZE, 0.5,  1.5,  1,    PASSED",
    "MINIMIZE, 0.5,  1.6,  1,    FAILED",
    "MAXIMIZE, 0,    NaN,  0.9,  FAILED",
    "MAXIMIZE, 0,    NaN,  NaN,  FAILED",
    "MINIMIZE, 0,    NaN,  0.9,  FAILED",
    "MAXIMIZE, 0,    0.1,  NaN,  PASSED",
    "MINIMIZE, 0,    9,    NaN,  PASSED",
    "MAXIMIZE, 1,    Infinity, Infinity, PASSED",
    "MAXIMIZE, 1,    5, Infinity, FAILED",
    "MAXIMIZE, 1,    -Infinity, 5, FAILED",
    "MINIMIZE, 1,    -Infinity, 5, PASSED",
    "MAXIMIZE, 0,    -,    0.9,  FAILED",
    "MAXIMIZE, 0,    -,    -,    FAILED",
    "MAXIMIZE, 0,    0.9,  -,    MISSING",
  })
  void values_areComparedByGoalAndTolerance(
      Goal goal, double tolerance, String own, String holders, CheckOutcome outcome) {
    Verdict verdict =
        ComparisonVerdict.of(
            new Comparison("auc", goal, tolerance), value(own), HOLDER, value(holders));

    assertThat(verdict.outcome()).isEqualTo(outcome);
    assertThat(verdict.comparedWith()).contains(HOLDER.number());
  }

  @Test
  void verdict_saysWhatWasCompared() {
    Verdict verdict =
        ComparisonVerdict.of(
            new Comparison("auc", Goal.MAXIMIZE, 0.05),
            OptionalDouble.of(0.8),
            HOLDER,
            OptionalDouble.of(0.9));

    assertThat(verdict.summary()).isEqualTo("auc 0.8 is not >= 0.9 - 0.05 (version 7)");
    assertThat(verdict.comparisons())
        .containsExactly(new CheckComparison("metrics.auc", ">= 0.9 - 0.05", "0.8", false));
  }
}
