package dev.slipway.registry.check;

import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.version.VersionNumber;
import java.util.List;

/**
 * Is the verdicts of all checks for one version on its way to one stage.
 *
 * @param results in the order of the policy
 */
public record CheckReport(ModelName model, VersionNumber version, List<CheckResult> results) {
  /** Copies the list. */
  public CheckReport {
    results = List.copyOf(results);
  }

  /** Returns whether every check passed; true when there is none. */
  public boolean passed() {
    return results.stream().allMatch(CheckResult::passed);
  }

  /** Returns about how many bytes it has. */
  public long weight() {
    return results.stream().mapToLong(CheckResult::weight).sum();
  }
}
