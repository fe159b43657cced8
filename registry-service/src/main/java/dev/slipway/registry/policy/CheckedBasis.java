package dev.slipway.registry.policy;

import dev.slipway.registry.check.Check;
import dev.slipway.registry.check.CheckCondition;
import dev.slipway.registry.check.CheckOutcome;
import dev.slipway.registry.check.CheckReport;
import dev.slipway.registry.check.CheckResult;
import dev.slipway.registry.check.ReportedCheck;
import dev.slipway.registry.version.Stage;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Is what checks looked at, and how they came out.
 *
 * @param report a verdict for each check of the basis, in its order
 */
public record CheckedBasis(CheckBasis basis, CheckReport report) {
  /**
   * Returns this as it is at another moment, at which the same is there: what other systems report
   * is looked at again, since that asks nobody and may have changed.
   *
   * @param now what is there at that moment; looks like the basis of this
   */
  public CheckedBasis refreshed(CheckBasis now, Instant at) {
    List<CheckResult> results = new ArrayList<>();
    for (int i = 0; i < now.checks().size(); i++) {
      Check check = now.checks().get(i);
      results.add(
          check.condition() instanceof CheckCondition.External external
              ? ReportedCheck.decide(
                  check.name(), external, Optional.ofNullable(now.reported().get(check.name())), at)
              : report.results().get(i));
    }
    return new CheckedBasis(now, new CheckReport(report.model(), report.version(), results));
  }

  /**
   * Checks that every check passed.
   *
   * @throws ChecksUnavailableException if some did not only because a service did not answer
   * @throws ChecksNotPassedException if one did not
   */
  public void requirePassed(Stage stage) {
    if (report.passed()) {
      return;
    }
    List<CheckResult> hindered = new ArrayList<>();
    boolean serving = false;
    for (int i = 0; i < report.results().size(); i++) {
      CheckResult result = report.results().get(i);
      CheckCondition condition = basis.checks().get(i).condition();
      boolean asks =
          condition instanceof CheckCondition.GoldenRequests
              || condition instanceof CheckCondition.Metrics
              || condition instanceof CheckCondition.Comparison;
      if (!result.passed() && !(result.outcome() == CheckOutcome.ERROR && asks)) {
        throw new ChecksNotPassedException(report, stage);
      }
      if (!result.passed()) {
        hindered.add(result);
        serving |= condition instanceof CheckCondition.GoldenRequests;
      }
    }
    throw new ChecksUnavailableException(
        serving ? "serving" : "tracking",
        hindered.stream()
            .map(result -> result.name() + " (" + result.summary() + ")")
            .collect(Collectors.joining(", ")));
  }
}
