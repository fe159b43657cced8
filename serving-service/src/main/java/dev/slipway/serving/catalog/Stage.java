package dev.slipway.serving.catalog;

import java.util.Locale;
import java.util.Optional;

/** Where in its life a version is. */
public enum Stage {
  /** Registered, not on its way to users. */
  NONE("None"),
  /** Being tried before production. */
  STAGING("Staging"),
  /** Serving users. */
  PRODUCTION("Production"),
  /** Retired, kept for the record and for rollback. */
  ARCHIVED("Archived");

  private final String text;

  Stage(String text) {
    this.text = text;
  }

  /** Returns the stage's name as people write it. */
  public String text() {
    return text;
  }

  /** Tells whether versions in this stage are loaded ahead of the first request. */
  public boolean isServed() {
    return this == STAGING || this == PRODUCTION;
  }

  /** Finds the stage of a name in any letter case. */
  public static Optional<Stage> findByText(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "none" -> Optional.of(NONE);
      case "staging" -> Optional.of(STAGING);
      case "production" -> Optional.of(PRODUCTION);
      case "archived" -> Optional.of(ARCHIVED);
      default -> Optional.empty();
    };
  }
}
