package dev.slipway.artifact.asset;

import java.util.Optional;
import java.util.OptionalLong;

/** Says which number a new version gets. */
public sealed interface VersionChoice {
  /**
   * Is the first version of an asset that is not there yet.
   *
   * @param scheme how its versions are named
   */
  record First(VersioningScheme scheme) implements VersionChoice {}

  /**
   * Is a version that the caller names, of an asset that may be there or not.
   *
   * @param number the version
   * @param scheme how the caller says that versions are named
   */
  record Given(VersionNumber number, Optional<VersioningScheme> scheme) implements VersionChoice {}

  /**
   * Is the version after the newest of an asset that is there.
   *
   * @param bumpMajor whether to raise the major
   * @param withinMajor only the versions of this major count
   */
  record Next(boolean bumpMajor, OptionalLong withinMajor) implements VersionChoice {}
}
