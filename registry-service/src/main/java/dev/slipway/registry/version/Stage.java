package dev.slipway.registry.version;

/** Says where in its life a version is. A version is in exactly one stage. */
public enum Stage {
  /** In development; every version starts here. */
  NONE("None", false),
  /** Being tried; at most one version per model, unless a policy gives it more room. */
  STAGING("Staging", true),
  /** Serving users; at most one version per model. */
  PRODUCTION("Production", true),
  /** Retired. */
  ARCHIVED("Archived", false);

  /** The most versions of a model that are in Staging where a policy allows several. */
  public static final int MAX_VERSIONS = 32;

  private final String text;
  private final boolean exclusive;

  Stage(String text, boolean exclusive) {
    this.text = text;
    this.exclusive = exclusive;
  }

  /** Returns whether the versions in it hold places that are counted: one, or a few. */
  public boolean exclusive() {
    return exclusive;
  }

  /** Returns the name for people. */
  @Override
  public String toString() {
    return text;
  }
}
