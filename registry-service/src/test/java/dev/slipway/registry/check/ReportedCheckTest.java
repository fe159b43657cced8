package dev.slipway.registry.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.registry.check.CheckCondition.External;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class ReportedCheckTest {
  private static final CheckName FAIRNESS = new CheckName("fairness");
  private static final Instant AT = Instant.parse("2026-01-02T03:04:05Z");
  private static final External ANY = new External(Optional.empty(), List.of());
  private static final External HOURLY = new External(Optional.of(Duration.ofHours(1)), List.of());
  private static final External AUDITED = new External(Optional.empty(), List.of("audit", "lead"));

  private static ReportedCheck reported(CheckOutcome outcome, String... roles) {
    return new ReportedCheck(
        new CheckResult(
            FAIRNESS,
            outcome,
            "42 groups compared",
            AT,
            "ci",
            Optional.empty(),
            Optional.empty(),
            List.of(),
            "https://ci.example/1"),
        Set.of(roles));
  }

  private static CheckResult decide(External condition, ReportedCheck reported, Duration later) {
    return ReportedCheck.decide(FAIRNESS, condition, Optional.of(reported), AT.plus(later));
  }

  @Test
  void nothingReported_isMissing() {
    CheckResult result = ReportedCheck.decide(FAIRNESS, ANY, Optional.empty(), AT);

    assertThat(result.outcome()).isEqualTo(CheckOutcome.MISSING);
    assertThat(result.reportedBy()).isEqualTo("slipway");
  }

  @Test
  void whatWasReported_isTheVerdict() {
    for (CheckOutcome outcome :
        List.of(CheckOutcome.PASSED, CheckOutcome.FAILED, CheckOutcome.ERROR)) {
      ReportedCheck reported = reported(outcome);

      assertThat(decide(ANY, reported, Duration.ofDays(9999))).isEqualTo(reported.result());
    }
  }

  @Test
  void aPass_countsForItsTimeAndNoLonger() {
    ReportedCheck pass = reported(CheckOutcome.PASSED);
    ReportedCheck failure = reported(CheckOutcome.FAILED);
    Duration almost = Duration.ofHours(1).minusNanos(1);

    assertThat(decide(HOURLY, pass, almost).passed()).isTrue();
    assertThat(decide(HOURLY, pass, Duration.ofHours(1)).outcome()).isEqualTo(CheckOutcome.MISSING);
    assertThat(decide(HOURLY, failure, Duration.ofDays(1)).outcome())
        .isEqualTo(CheckOutcome.FAILED);
  }

  @Test
  void aVerdictOfSomebodyWithoutTheRoles_isNone() {
    assertThat(decide(AUDITED, reported(CheckOutcome.PASSED), Duration.ZERO).outcome())
        .isEqualTo(CheckOutcome.MISSING);
    assertThat(decide(AUDITED, reported(CheckOutcome.PASSED, "dev"), Duration.ZERO).summary())
        .isEqualTo("ci reported PASSED, and had none of the roles [audit, lead]");
    assertThat(
            decide(AUDITED, reported(CheckOutcome.PASSED, "dev", "lead"), Duration.ZERO).passed())
        .isTrue();
  }
}
