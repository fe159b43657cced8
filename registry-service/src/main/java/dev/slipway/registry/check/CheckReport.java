package dev.slipway.registry.check;

import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.version.VersionNumber;
import java.util.List;

/**
 * Is the verdicts of all checks for one version on its way to one stage. Bounded, since it is kept
 * with requests and events and sent with both: where verdicts say more, they keep less of what they
 * compared, those that passed first.
 *
 * @param results in the order of the policy, at most 32; about {@value #MAX_BYTES} bytes together
 */
public record CheckReport(ModelName model, VersionNumber version, List<CheckResult> results) {
  /** The most bytes of a report. */
  public static final long MAX_BYTES = 256 << 10;

  /** Leaves out what is too much. */
  public CheckReport {
    results = FittedResults.of(results, MAX_BYTES);
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
