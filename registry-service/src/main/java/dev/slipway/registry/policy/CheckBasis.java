package dev.slipway.registry.policy;

import dev.slipway.registry.check.Check;
import dev.slipway.registry.check.CheckName;
import dev.slipway.registry.check.Predecessor;
import dev.slipway.registry.check.ReportedCheck;
import dev.slipway.registry.version.ModelVersion;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Is what the checks of a move are and what they look at, at one moment.
 *
 * @param modelId identity of the model
 * @param policyRevision revision of the policy that asks for the checks; 0 without a policy
 * @param version the version to move, with its signature
 * @param predecessor the version that it is compared with, if there is one
 * @param reported the last verdicts that other systems have reported on the version
 */
public record CheckBasis(
    long modelId,
    long policyRevision,
    List<Check> checks,
    ModelVersion version,
    Optional<Predecessor> predecessor,
    Map<CheckName, ReportedCheck> reported) {
  /** Copies list and map. */
  public CheckBasis {
    checks = List.copyOf(checks);
    reported = Map.copyOf(reported);
  }

  /**
   * Returns whether checks of the other basis would see the same as those of this one, leaving
   * aside what other systems have reported.
   */
  public boolean looksLike(CheckBasis other) {
    return modelId == other.modelId
        && policyRevision == other.policyRevision
        && checks.equals(other.checks)
        && samePackage(version, other.version)
        && predecessor.isPresent() == other.predecessor.isPresent()
        && predecessor.map(mine -> same(mine, other.predecessor.orElseThrow())).orElse(true);
  }

  private static boolean same(Predecessor one, Predecessor other) {
    return one.left() == other.left() && samePackage(one.version(), other.version());
  }

  private static boolean samePackage(ModelVersion one, ModelVersion other) {
    return one.number().equals(other.number()) && one.packageDigest().equals(other.packageDigest());
  }
}
