package dev.slipway.registry.model;

import dev.slipway.runtime.error.InvalidValueException;

/**
 * Names a registered model: 1 to 256 code points, not blank, without {@code /}, {@code :} and
 * control characters, not {@code .} or {@code ..}. Case-sensitive.
 */
public record ModelName(String value) {
  /** The most code points that a name has. */
  public static final int MAX_LENGTH = 256;

  /** Checks the rules. */
  public ModelName {
    int length = value.codePointCount(0, value.length());
    if (value.isBlank()) {
      throw InvalidValueException.missing();
    }
    if (length > MAX_LENGTH) {
      throw InvalidValueException.tooLong(length, MAX_LENGTH);
    }
    if (value.equals(".") || value.equals("..")) {
      throw new IllegalArgumentException("must not be . or ..");
    }
    if (value.chars().anyMatch(c -> c == '/' || c == ':' || Character.isISOControl(c))) {
      throw new IllegalArgumentException("must not contain /, : or control characters");
    }
  }

  @Override
  public String toString() {
    return value;
  }
}
