package dev.slipway.registry.model;

import dev.slipway.runtime.error.InvalidValueException;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Names an alias: 1 to 255 Unicode letters, digits, {@code _} or {@code -}; not {@code latest} and
 * not {@code v} followed by digits, in any case. Case-sensitive.
 *
 * <p>These are MLflow's rules: what its clients call an alias ({@code production}, {@code 7}) is
 * one here.
 */
public record AliasName(String value) {
  /** Selects the newest version wherever an alias can stand. */
  public static final String LATEST = "latest";

  private static final int MAX_LENGTH = 255;
  private static final Pattern CHARACTERS =
      Pattern.compile("[\\w-]+", Pattern.UNICODE_CHARACTER_CLASS);
  private static final Pattern VERSION_LIKE =
      Pattern.compile("v\\d+", Pattern.UNICODE_CHARACTER_CLASS);

  /** Checks the rules. */
  public AliasName {
    if (value.isEmpty()) {
      throw InvalidValueException.missing();
    }
    int length = value.codePointCount(0, value.length());
    if (length > MAX_LENGTH) {
      throw InvalidValueException.tooLong(length, MAX_LENGTH);
    }
    if (!CHARACTERS.matcher(value).matches()) {
      throw new IllegalArgumentException("must be 1 to " + MAX_LENGTH + " letters, digits, _ or -");
    }
    String lower = value.toLowerCase(Locale.ROOT);
    if (lower.equals(LATEST) || VERSION_LIKE.matcher(lower).matches()) {
      throw new IllegalArgumentException(
          "is reserved: latest and v with a number already select a version");
    }
  }

  @Override
  public String toString() {
    return value;
  }
}
