package dev.slipway.registry.model;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Names an alias: 1 to 255 Unicode letters, digits, {@code _} or {@code -}; not {@code latest}, not
 * {@code v} followed by digits and not the name of a stage, in any case, since these select
 * versions in another way. Case-sensitive.
 */
public record AliasName(String value) {
  /** Selects the newest version wherever an alias can stand. */
  public static final String LATEST = "latest";

  private static final int MAX_LENGTH = 255;
  private static final Pattern CHARACTERS =
      Pattern.compile("[\\w-]+", Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern VERSION_LIKE = Pattern.compile("(v?[0-9]+)");
  private static final Set<String> RESERVED =
      Set.of(LATEST, "none", "staging", "production", "archived");

  /** Checks the rules. */
  public AliasName {
    if (value.isEmpty()) {
      throw new IllegalArgumentException("is required");
    }
    if (value.codePointCount(0, value.length()) > MAX_LENGTH
        || !CHARACTERS.matcher(value).matches()) {
      throw new IllegalArgumentException("must be 1 to " + MAX_LENGTH + " letters, digits, _ or -");
    }
    String lower = value.toLowerCase(Locale.ROOT);
    if (RESERVED.contains(lower) || VERSION_LIKE.matcher(lower).matches()) {
      throw new IllegalArgumentException(
          "is reserved: it already selects a version by number, stage or age");
    }
  }

  @Override
  public String toString() {
    return value;
  }
}
