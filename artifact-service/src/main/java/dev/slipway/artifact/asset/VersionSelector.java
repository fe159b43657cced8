package dev.slipway.artifact.asset;

import java.util.regex.Pattern;

/** Says which version of an asset is meant. */
public sealed interface VersionSelector {
  /** Means the newest of all. */
  record Newest() implements VersionSelector {
    @Override
    public String toString() {
      return "newest";
    }
  }

  /**
   * Means the newest minor of a major.
   *
   * @param major the major, 0 to 999,999,999
   */
  record NewestOfMajor(long major) implements VersionSelector {
    @Override
    public String toString() {
      return Long.toString(major);
    }
  }

  /**
   * Means one version.
   *
   * @param version the version
   */
  record Exactly(VersionNumber version) implements VersionSelector {
    @Override
    public String toString() {
      return version.toString();
    }
  }

  /** Is a major alone. */
  Pattern MAJOR = Pattern.compile("0|[1-9]\\d{0,8}");

  /**
   * Reads what stands behind the colon of a spec.
   *
   * @throws IllegalArgumentException if it is no version, complete or partial
   */
  static VersionSelector parse(String text) {
    return MAJOR.matcher(text).matches()
        ? new NewestOfMajor(Long.parseLong(text))
        : new Exactly(VersionNumber.parse(text));
  }
}
