package dev.slipway.registry.policy;

import dev.slipway.registry.check.CheckReport;
import dev.slipway.registry.check.CheckResult;
import dev.slipway.registry.version.Stage;
import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;
import java.util.stream.Collectors;

/** Reports that a version does not meet the conditions of a stage. */
public final class ChecksNotPassedException extends ServiceException {
  private static final long serialVersionUID = 1L;

  private final transient CheckReport report;

  /** Creates the failure, naming each check that did not pass and why. */
  public ChecksNotPassedException(CheckReport report, Stage stage) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "CHECKS_NOT_PASSED",
        "version %s of %s does not pass the checks for %s: %s"
            .formatted(report.version(), report.model(), stage, describe(report)),
        Map.of(
            "name", report.model().value(),
            "version", report.version().toString(),
            "stage", stage.toString(),
            "checks", names(report)));
    this.report = report;
  }

  /** Returns all verdicts. */
  public CheckReport report() {
    return report;
  }

  private static String describe(CheckReport report) {
    return report.results().stream()
        .filter(result -> !result.passed())
        .map(result -> result.name() + " (" + result.summary() + ")")
        .collect(Collectors.joining(", "));
  }

  private static String names(CheckReport report) {
    return report.results().stream()
        .filter(result -> !result.passed())
        .map(CheckResult::name)
        .map(Object::toString)
        .collect(Collectors.joining(","));
  }
}
