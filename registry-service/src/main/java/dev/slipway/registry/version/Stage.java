package dev.slipway.registry.version;

/** Says where in its life a version is. A version is in exactly one stage. */
public enum Stage {
  /** In development; every version starts here. */
  NONE("None", false),
  /** Being tried; at most one version per model. */
  STAGING("Staging", true),
  /** Serving users; at most one version per model. */
  PRODUCTION("Production", true),
  /** Retired. */
  ARCHIVED("Archived", false);

  private final String text;
  private final boolean exclusive;

  Stage(String text, boolean exclusive) {
    this.text = text;
    this.exclusive = exclusive;
  }

  /** Returns whether at most one version of a model can be here. */
  public boolean exclusive() {
    return exclusive;
  }

  /** Returns the name for people. */
  @Override
  public String toString() {
    return text;
  }
}
