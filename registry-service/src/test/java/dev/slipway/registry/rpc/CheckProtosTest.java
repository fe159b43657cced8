package dev.slipway.registry.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.slipway.engine.signature.SignatureDifference;
import dev.slipway.registry.check.CheckCondition;
import dev.slipway.registry.check.CheckName;
import dev.slipway.registry.check.CheckOutcome;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.v1.Check;
import dev.slipway.registry.v1.CheckComparison;
import dev.slipway.registry.v1.CheckReport;
import dev.slipway.registry.v1.CheckResult;
import dev.slipway.registry.v1.ComparisonCheck;
import dev.slipway.registry.v1.ExternalCheck;
import dev.slipway.registry.v1.GoldenRequestsCheck;
import dev.slipway.registry.v1.MetricCheck;
import dev.slipway.registry.v1.SignatureCheck;
import dev.slipway.registry.v1.SignatureDiff;
import dev.slipway.registry.version.VersionNumber;
import dev.slipway.runtime.error.FieldViolation;
import dev.slipway.runtime.error.InvalidRequestException;
import dev.slipway.runtime.error.Violations;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class CheckProtosTest {
  private static Check.Builder named(String name) {
    return Check.newBuilder().setName(name);
  }

  private static List<dev.slipway.registry.check.Check> read(List<Check> messages) {
    Violations violations = new Violations();
    List<dev.slipway.registry.check.Check> checks =
        CheckProtos.checks("policy.checks", messages, violations);
    violations.throwIfAny();
    return checks;
  }

  private static List<String> violatedBy(Check... messages) {
    return catchThrowableOfType(InvalidRequestException.class, () -> read(List.of(messages)))
        .violations()
        .stream()
        .map(FieldViolation::field)
        .toList();
  }

  private static Check signature(SignatureCheck.Mode mode) {
    return named("signature").setSignature(SignatureCheck.newBuilder().setMode(mode)).build();
  }

  private static ComparisonCheck.Builder accuracy() {
    return ComparisonCheck.newBuilder()
        .setMetricKey("val_accuracy")
        .setGoal(ComparisonCheck.Goal.GOAL_MAXIMIZE);
  }

  @Test
  void everyFormOfCheck_isReadAndWrittenAsItWas() {
    List<Check> messages =
        List.of(
            signature(SignatureCheck.Mode.MODE_FULL),
            named("golden")
                .setGoldenRequests(GoldenRequestsCheck.newBuilder().setAllowMissing(true))
                .build(),
            named("metrics")
                .setMetrics(MetricCheck.newBuilder().setFilter("metrics.a >= 0.5 AND tags.x = '1'"))
                .build(),
            named("champion").setComparison(accuracy().setTolerance(0.25)).build(),
            named("lower")
                .setComparison(accuracy().setGoal(ComparisonCheck.Goal.GOAL_MINIMIZE))
                .build(),
            named("ci.job-1")
                .setExternal(
                    ExternalCheck.newBuilder()
                        .setValidForSeconds(3600)
                        .addReporterRoles("ci")
                        .addReporterRoles("audit"))
                .build(),
            named("anybody").setExternal(ExternalCheck.getDefaultInstance()).build());

    List<dev.slipway.registry.check.Check> checks = read(messages);

    assertThat(checks.stream().map(CheckProtos::check)).isEqualTo(messages);
    assertThat(checks.get(5).condition())
        .isEqualTo(
            new CheckCondition.External(Optional.of(Duration.ofHours(1)), List.of("ci", "audit")));
    assertThat(checks.get(6).condition())
        .isEqualTo(new CheckCondition.External(Optional.empty(), List.of()));
  }

  @ParameterizedTest
  @EnumSource(
      value = SignatureCheck.Mode.class,
      names = {"MODE_BACKWARD", "MODE_FORWARD", "MODE_FULL", "MODE_NONE"})
  void everyModeOfASignatureCheck_isReadAndWrittenAsItWas(SignatureCheck.Mode mode) {
    Check message = signature(mode);

    assertThat(read(List.of(message)).stream().map(CheckProtos::check)).containsExactly(message);
  }

  @Test
  void violations_areAllNamedAtOnce() {
    assertThat(
            violatedBy(
                named("").build(),
                named("a").setSignature(SignatureCheck.getDefaultInstance()).build(),
                named("a").setGoldenRequests(GoldenRequestsCheck.getDefaultInstance()).build(),
                named("b").setMetrics(MetricCheck.newBuilder().setFilter("metrics.a >")).build(),
                named("c")
                    .setComparison(ComparisonCheck.newBuilder().setTolerance(Double.NaN))
                    .build(),
                named("d")
                    .setExternal(
                        ExternalCheck.newBuilder()
                            .setValidForSeconds(-1)
                            .addReporterRoles("fine")
                            .addReporterRoles("not fine"))
                    .build()))
        .containsExactly(
            "policy.checks[0].name",
            "policy.checks[0].condition",
            "policy.checks[1].signature.mode",
            "policy.checks[2].name",
            "policy.checks[3].metrics.filter",
            "policy.checks[4].comparison.goal",
            "policy.checks[4].comparison.metric_key",
            "policy.checks[4].comparison.tolerance",
            "policy.checks[5].external.reporter_roles[1]",
            "policy.checks[5].external.valid_for_seconds");
  }

  @Test
  void numbersOutOfRange_areRefused() {
    assertThat(
            violatedBy(
                named("a").setComparison(accuracy().setTolerance(-0.1)).build(),
                named("b").setComparison(accuracy().setTolerance(Double.POSITIVE_INFINITY)).build(),
                named("c")
                    .setExternal(ExternalCheck.newBuilder().setValidForSeconds(Long.MAX_VALUE))
                    .build()))
        .containsExactly(
            "policy.checks[0].comparison.tolerance",
            "policy.checks[1].comparison.tolerance",
            "policy.checks[2].external.valid_for_seconds");
  }

  @Test
  void tooManyChecksOrRoles_areRefused() {
    Check check = signature(SignatureCheck.Mode.MODE_NONE);
    Violations violations = new Violations();

    assertThat(CheckProtos.checks("checks", Collections.nCopies(33, check), violations)).isEmpty();

    assertThat(violations.isEmpty()).isFalse();
    assertThat(
            violatedBy(
                named("a")
                    .setExternal(
                        ExternalCheck.newBuilder()
                            .addAllReporterRoles(Collections.nCopies(33, "role")))
                    .build()))
        .containsExactly("policy.checks[0].external.reporter_roles");
  }

  @Test
  void report_saysWhatWasCompared() {
    Instant at = Instant.parse("2026-01-02T03:04:05.000006Z");
    var metrics =
        new dev.slipway.registry.check.CheckResult(
            new CheckName("metrics"),
            CheckOutcome.FAILED,
            "val_accuracy 0.942 < 0.95",
            at,
            "slipway",
            Optional.empty(),
            Optional.empty(),
            List.of(
                new dev.slipway.registry.check.CheckComparison(
                    "metrics.val_accuracy", ">= 0.95", "0.942", false)),
            "https://ci.example/1");
    var signature =
        new dev.slipway.registry.check.CheckResult(
            new CheckName("signature"),
            CheckOutcome.PASSED,
            "one difference",
            at,
            "slipway",
            Optional.of(new VersionNumber(3)),
            Optional.of(
                List.of(
                    new SignatureDifference(
                        "inputs[age]",
                        SignatureDifference.Kind.TYPE_WIDENED,
                        "integer (required)",
                        "long (required)",
                        true,
                        false))),
            List.of(),
            "");

    CheckReport report =
        CheckProtos.report(
            new dev.slipway.registry.check.CheckReport(
                new ModelName("digits"), new VersionNumber(4), List.of(metrics, signature)));

    assertThat(report.getName()).isEqualTo("digits");
    assertThat(report.getVersion()).isEqualTo(4);
    assertThat(report.getPassed()).isFalse();
    assertThat(report.getResults(0))
        .isEqualTo(
            CheckResult.newBuilder()
                .setCheckName("metrics")
                .setOutcome(dev.slipway.registry.v1.CheckOutcome.CHECK_OUTCOME_FAILED)
                .setSummary("val_accuracy 0.942 < 0.95")
                .setCheckTime(RegistryProtos.time(at))
                .setReportedBy("slipway")
                .addComparisons(
                    CheckComparison.newBuilder()
                        .setSubject("metrics.val_accuracy")
                        .setExpected(">= 0.95")
                        .setActual("0.942"))
                .setLink("https://ci.example/1")
                .build());
    SignatureDiff diff = report.getResults(1).getSignatureDiff();
    assertThat(report.getResults(1).getComparedWithVersion()).isEqualTo(3);
    assertThat(diff.getBackwardCompatible()).isTrue();
    assertThat(diff.getForwardCompatible()).isFalse();
    assertThat(diff.getDifferences(0).getKind())
        .isEqualTo(dev.slipway.registry.v1.SignatureDifference.Kind.KIND_TYPE_WIDENED);
  }
}
