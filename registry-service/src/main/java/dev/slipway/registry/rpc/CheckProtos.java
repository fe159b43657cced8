package dev.slipway.registry.rpc;

import dev.slipway.engine.signature.SignatureDifference;
import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.check.CheckCondition;
import dev.slipway.registry.check.CheckName;
import dev.slipway.registry.v1.Check;
import dev.slipway.registry.v1.CheckComparison;
import dev.slipway.registry.v1.CheckOutcome;
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
import dev.slipway.runtime.error.Violations;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Reads checks from messages, and writes checks and verdicts as messages. */
final class CheckProtos {
  /** The most checks of a policy. */
  static final int MAX_CHECKS = 32;

  private static final String OUTCOME_PREFIX = "CHECK_OUTCOME_";

  private CheckProtos() {}

  /**
   * Reads the checks of a policy, noting every violation.
   *
   * @param field path of the list: {@code policy.checks}
   * @return the checks without violations
   */
  static List<dev.slipway.registry.check.Check> checks(
      String field, List<Check> messages, Violations violations) {
    if (messages.size() > MAX_CHECKS) {
      violations.add(
          field, "has %d entries; at most %d are allowed".formatted(messages.size(), MAX_CHECKS));
      return List.of();
    }
    List<dev.slipway.registry.check.Check> checks = new ArrayList<>();
    Set<CheckName> names = new HashSet<>();
    for (int i = 0; i < messages.size(); i++) {
      String path = field + "[" + i + "]";
      Optional<CheckName> name =
          violations.parse(path + ".name", messages.get(i).getName(), CheckName::new);
      if (name.isPresent() && !names.add(name.get())) {
        violations.add(path + ".name", "is the name of an earlier check");
      }
      Optional<CheckCondition> condition = condition(path, messages.get(i), violations);
      if (name.isPresent() && condition.isPresent()) {
        checks.add(new dev.slipway.registry.check.Check(name.get(), condition.get()));
      }
    }
    return checks;
  }

  static Check check(dev.slipway.registry.check.Check check) {
    Check.Builder message = Check.newBuilder().setName(check.name().value());
    if (check.condition() instanceof CheckCondition.Signature signature) {
      message.setSignature(
          SignatureCheck.newBuilder()
              .setMode(SignatureCheck.Mode.valueOf("MODE_" + signature.mode().name())));
    } else if (check.condition() instanceof CheckCondition.GoldenRequests golden) {
      message.setGoldenRequests(
          GoldenRequestsCheck.newBuilder().setAllowMissing(golden.allowMissing()));
    } else if (check.condition() instanceof CheckCondition.Metrics metrics) {
      message.setMetrics(MetricCheck.newBuilder().setFilter(metrics.filter()));
    } else if (check.condition() instanceof CheckCondition.Comparison comparison) {
      message.setComparison(
          ComparisonCheck.newBuilder()
              .setMetricKey(comparison.metricKey())
              .setGoal(ComparisonCheck.Goal.valueOf("GOAL_" + comparison.goal().name()))
              .setTolerance(comparison.tolerance()));
    } else if (check.condition() instanceof CheckCondition.External external) {
      message.setExternal(
          ExternalCheck.newBuilder()
              .setValidForSeconds(external.validFor().map(Duration::toSeconds).orElse(0L))
              .addAllReporterRoles(external.reporterRoles()));
    }
    return message.build();
  }

  static CheckReport report(dev.slipway.registry.check.CheckReport report) {
    return CheckReport.newBuilder()
        .setName(report.model().value())
        .setVersion(report.version().value())
        .addAllResults(report.results().stream().map(CheckProtos::result).toList())
        .setPassed(report.passed())
        .build();
  }

  static CheckResult result(dev.slipway.registry.check.CheckResult result) {
    CheckResult.Builder message =
        CheckResult.newBuilder()
            .setCheckName(result.name().value())
            .setOutcome(CheckOutcome.valueOf(OUTCOME_PREFIX + result.outcome().name()))
            .setSummary(result.summary())
            .setCheckTime(RegistryProtos.time(result.at()))
            .setReportedBy(result.reportedBy())
            .setComparedWithVersion(result.comparedWith().map(VersionNumber::value).orElse(0L))
            .setLink(result.link())
            .setLeftOut(result.leftOut());
    result.signatureDifferences().ifPresent(all -> message.setSignatureDiff(signatureDiff(all)));
    result
        .comparisons()
        .forEach(
            comparison ->
                message.addComparisons(
                    CheckComparison.newBuilder()
                        .setSubject(comparison.subject())
                        .setExpected(comparison.expected())
                        .setActual(comparison.actual())
                        .setPassed(comparison.passed())));
    return message.build();
  }

  static SignatureDiff signatureDiff(List<SignatureDifference> differences) {
    SignatureDiff.Builder message =
        SignatureDiff.newBuilder()
            .setBackwardCompatible(
                differences.stream().allMatch(SignatureDifference::backwardCompatible))
            .setForwardCompatible(
                differences.stream().allMatch(SignatureDifference::forwardCompatible));
    for (SignatureDifference difference : differences) {
      message.addDifferences(
          dev.slipway.registry.v1.SignatureDifference.newBuilder()
              .setPath(difference.path())
              .setKind(
                  dev.slipway.registry.v1.SignatureDifference.Kind.valueOf(
                      "KIND_" + difference.kind().name()))
              .setOlder(difference.older())
              .setNewer(difference.newer())
              .setBackwardCompatible(difference.backwardCompatible())
              .setForwardCompatible(difference.forwardCompatible()));
    }
    return message.build();
  }

  private static Optional<CheckCondition> condition(
      String path, Check message, Violations violations) {
    return switch (message.getConditionCase()) {
      case SIGNATURE -> signature(path + ".signature.mode", message.getSignature(), violations);
      case GOLDEN_REQUESTS ->
          Optional.of(
              new CheckCondition.GoldenRequests(message.getGoldenRequests().getAllowMissing()));
      case METRICS ->
          violations.parse(
              path + ".metrics.filter",
              message.getMetrics().getFilter(),
              CheckCondition.Metrics::new);
      case COMPARISON -> comparison(path + ".comparison", message.getComparison(), violations);
      case EXTERNAL -> external(path + ".external", message.getExternal(), violations);
      case CONDITION_NOT_SET -> {
        violations.add(
            path + ".condition",
            "is required: one of signature, golden_requests, metrics, comparison, external",
            FieldViolation.REQUIRED);
        yield Optional.empty();
      }
    };
  }

  private static Optional<CheckCondition> signature(
      String field, SignatureCheck message, Violations violations) {
    return switch (message.getMode()) {
      case MODE_BACKWARD -> Optional.of(signature(CheckCondition.Signature.Mode.BACKWARD));
      case MODE_FORWARD -> Optional.of(signature(CheckCondition.Signature.Mode.FORWARD));
      case MODE_FULL -> Optional.of(signature(CheckCondition.Signature.Mode.FULL));
      case MODE_NONE -> Optional.of(signature(CheckCondition.Signature.Mode.NONE));
      case MODE_UNSPECIFIED, UNRECOGNIZED -> {
        violations.add(
            field,
            "is required: MODE_BACKWARD, MODE_FORWARD, MODE_FULL or MODE_NONE",
            FieldViolation.REQUIRED);
        yield Optional.empty();
      }
    };
  }

  private static CheckCondition signature(CheckCondition.Signature.Mode mode) {
    return new CheckCondition.Signature(mode);
  }

  private static Optional<CheckCondition> comparison(
      String path, ComparisonCheck message, Violations violations) {
    Optional<CheckCondition.Comparison.Goal> goal =
        switch (message.getGoal()) {
          case GOAL_MAXIMIZE -> Optional.of(CheckCondition.Comparison.Goal.MAXIMIZE);
          case GOAL_MINIMIZE -> Optional.of(CheckCondition.Comparison.Goal.MINIMIZE);
          case GOAL_UNSPECIFIED, UNRECOGNIZED -> Optional.empty();
        };
    if (goal.isEmpty()) {
      violations.add(
          path + ".goal", "is required: GOAL_MAXIMIZE or GOAL_MINIMIZE", FieldViolation.REQUIRED);
    }
    Optional<String> key =
        violations.parse(
            path + ".metric_key",
            message.getMetricKey(),
            CheckCondition.Comparison::requireMetricKey);
    Optional<Double> tolerance =
        violations.parse(
            path + ".tolerance",
            message.getTolerance(),
            CheckCondition.Comparison::requireTolerance);
    return goal.isPresent() && key.isPresent() && tolerance.isPresent()
        ? Optional.of(new CheckCondition.Comparison(key.get(), goal.get(), tolerance.get()))
        : Optional.empty();
  }

  private static Optional<CheckCondition> external(
      String path, ExternalCheck message, Violations violations) {
    List<String> roles = message.getReporterRolesList();
    boolean fits = true;
    if (roles.size() > CheckCondition.External.MAX_ROLES) {
      violations.add(
          path + ".reporter_roles",
          "has %d entries; at most %d are allowed"
              .formatted(roles.size(), CheckCondition.External.MAX_ROLES));
      fits = false;
    } else {
      for (int i = 0; i < roles.size(); i++) {
        if (!Caller.isRole(roles.get(i))) {
          violations.add(
              path + ".reporter_roles[" + i + "]",
              "must be 1 to 64 of the characters A-Z a-z 0-9 . _ -");
          fits = false;
        }
      }
    }
    long seconds = message.getValidForSeconds();
    long most = CheckCondition.External.MAX_VALID_FOR.toSeconds();
    if (seconds < 0 || seconds > most) {
      violations.add(path + ".valid_for_seconds", "must be 0 to " + most);
      fits = false;
    }
    return fits
        ? Optional.of(
            new CheckCondition.External(
                seconds == 0 ? Optional.empty() : Optional.of(Duration.ofSeconds(seconds)),
                List.copyOf(new LinkedHashSet<>(roles))))
        : Optional.empty();
  }
}
