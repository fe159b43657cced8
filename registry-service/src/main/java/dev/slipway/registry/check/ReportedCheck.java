package dev.slipway.registry.check;

import dev.slipway.registry.check.CheckCondition.External;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Is a verdict that another system has reported on a version.
 *
 * @param roles roles that the reporter had
 */
public record ReportedCheck(CheckResult result, Set<String> roles) {
  /** Copies the roles. */
  public ReportedCheck {
    roles = Set.copyOf(roles);
  }

  /**
   * Decides an external check by the last verdict that was reported for it. A verdict of somebody
   * without the roles asked for, and a pass that is too old, are none; what is no pass does not
   * age.
   *
   * @param reported the last verdict; absent when nothing was reported
   */
  public static CheckResult decide(
      CheckName name, External condition, Optional<ReportedCheck> reported, Instant now) {
    if (reported.isEmpty()) {
      return missing(name, "nothing was reported", now);
    }
    CheckResult result = reported.get().result();
    List<String> wanted = condition.reporterRoles();
    if (!wanted.isEmpty() && wanted.stream().noneMatch(reported.get().roles()::contains)) {
      return missing(
          name,
          "%s reported %s, and had none of the roles %s"
              .formatted(result.reportedBy(), result.outcome(), wanted),
          now);
    }
    Optional<Duration> validFor = condition.validFor();
    if (result.passed()
        && validFor.isPresent()
        && !now.isBefore(result.at().plus(validFor.get()))) {
      return missing(
          name,
          "the pass that %s reported at %s counted for %d seconds"
              .formatted(result.reportedBy(), result.at(), validFor.get().toSeconds()),
          now);
    }
    return result;
  }

  private static CheckResult missing(CheckName name, String summary, Instant now) {
    return Verdict.of(CheckOutcome.MISSING, summary).result(name, now);
  }
}
