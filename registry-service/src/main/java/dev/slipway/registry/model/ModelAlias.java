package dev.slipway.registry.model;

import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.version.VersionNumber;
import java.util.Optional;

/**
 * Is a movable name for one version of a model.
 *
 * @param protectedByRole role that a caller needs to move or delete it; absent when anyone may
 */
public record ModelAlias(AliasName alias, VersionNumber version, Optional<String> protectedByRole) {
  /**
   * Checks that a caller may move or delete this alias.
   *
   * @throws AliasProtectedException if a role is needed that the caller lacks
   */
  public void requireMovableBy(Caller caller) {
    if (protectedByRole.isPresent() && !caller.roles().contains(protectedByRole.get())) {
      throw new AliasProtectedException(alias, protectedByRole.get());
    }
  }
}
