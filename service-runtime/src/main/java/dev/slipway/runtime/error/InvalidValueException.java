package dev.slipway.runtime.error;

import java.util.Objects;

/** Refuses a value for a reason that programs can tell from others; {@link Violations} keeps it. */
public final class InvalidValueException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final String reason;

  /**
   * Creates the refusal.
   *
   * @param reason stable upper-snake identifier, at most 63 characters
   * @param message what was found and what would be accepted
   */
  public InvalidValueException(String reason, String message) {
    super(message);
    this.reason = Objects.requireNonNull(reason);
  }

  /** Returns the refusal of a value that must be given and is not. */
  public static InvalidValueException missing() {
    return new InvalidValueException(FieldViolation.REQUIRED, "is required");
  }

  /** Returns the refusal of a text of too many characters. */
  public static InvalidValueException tooLong(int characters, int maxCharacters) {
    return new InvalidValueException(
        FieldViolation.TOO_LONG,
        "has " + characters + " characters; at most " + maxCharacters + " are allowed");
  }

  /** Returns the stable identifier. */
  public String reason() {
    return reason;
  }
}
