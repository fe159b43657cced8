package dev.slipway.registry.version;

import dev.slipway.registry.model.AliasName;

/** Says which version of a model is meant. */
public sealed interface VersionSelector {
  /** Means the version with a number. */
  record ByNumber(VersionNumber number) implements VersionSelector {}

  /** Means the version in a stage; of several the one with the highest number. */
  record ByStage(Stage stage) implements VersionSelector {}

  /** Means the version that an alias points to. */
  record ByAlias(AliasName alias) implements VersionSelector {}

  /** Means the READY version with the highest number. */
  record Latest() implements VersionSelector {}
}
