package dev.slipway.registry.check;

import dev.slipway.registry.version.ModelVersion;
import dev.slipway.registry.version.VersionNumber;

/**
 * Is the version with which one is compared that wants to enter a stage.
 *
 * @param version read with its signature
 * @param left whether it has left the stage, and nobody came in its place
 */
public record Predecessor(ModelVersion version, boolean left) {
  /** Returns the number of the version. */
  public VersionNumber number() {
    return version.number();
  }

  /** Returns how verdicts name it. */
  @Override
  public String toString() {
    return "version " + number() + (left ? ", which has left the stage" : "");
  }
}
