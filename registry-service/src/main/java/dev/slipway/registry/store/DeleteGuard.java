package dev.slipway.registry.store;

import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.actor.RoleRequiredException;
import dev.slipway.registry.policy.PolicyRules;
import dev.slipway.registry.version.Stage;
import dev.slipway.registry.version.VersionNumber;

/**
 * Keeps deletes from passing by the checks of a stage: once what a newcomer is compared with is
 * gone, nothing speaks against it. So whoever deletes that needs a role that could force the
 * newcomer. Stages without a policy that has checks keep nothing.
 */
final class DeleteGuard {
  private DeleteGuard() {}

  /**
   * Checks that a caller may delete a version.
   *
   * @return whether that took a role
   * @throws RoleRequiredException if the caller lacks it
   */
  static boolean requireDeletable(
      StageReader stages, long modelId, VersionNumber version, Caller caller) {
    boolean forced = false;
    for (Stage stage : Stage.values()) {
      PolicyRules rules = stages.rules(modelId, stage);
      if (stage.exclusive()
          && !rules.checks().isEmpty()
          && (stages.holders(modelId, stage).contains(version)
              || stages.departed(modelId, stage).contains(version)
              || stages.lastEntrant(modelId, stage).filter(version::equals).isPresent())) {
        rules.requireDeletableBy(caller, stage);
        forced = true;
      }
    }
    return forced;
  }

  /**
   * Checks that a caller may delete a model with all its versions.
   *
   * @return whether that took a role
   * @throws RoleRequiredException if the caller lacks it
   */
  static boolean requireDeletable(StageReader stages, long modelId, Caller caller) {
    boolean forced = false;
    for (Stage stage : Stage.values()) {
      PolicyRules rules = stages.rules(modelId, stage);
      if (stage.exclusive()
          && !rules.checks().isEmpty()
          && stages.lastEntrant(modelId, stage).isPresent()) {
        rules.requireDeletableBy(caller, stage);
        forced = true;
      }
    }
    return forced;
  }
}
