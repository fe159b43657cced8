package dev.slipway.tracking.entry;

import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Is a write-once parameter.
 *
 * @param key by the rule of {@link EntryKey}
 * @param value text as the client wrote it, possibly empty
 */
public record Param(String key, String value) {
  /** The most characters of a value. */
  public static final int MAX_VALUE_CHARS = 6000;

  /** The most params of one request. */
  public static final int MAX_PER_REQUEST = 100;

  private static final int MAX_NUMBER_CHARS = 64;
  private static final Pattern NUMBER =
      Pattern.compile("[+-]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][+-]?\\d{1,4})?");

  /** Rejects nulls. */
  public Param {
    Objects.requireNonNull(key);
    Objects.requireNonNull(value);
  }

  /**
   * Does nothing when the value equals the one that the key has already.
   *
   * @throws ParamConflictException if it does not: params are write-once
   */
  public void requireSame(String storedValue) {
    if (!storedValue.equals(value)) {
      throw new ParamConflictException(key, storedValue, value);
    }
  }

  /**
   * Returns the value as a number where it is one in decimal notation, so that it compares as a
   * number.
   */
  public Optional<Double> number() {
    String text = value.strip();
    if (text.length() > MAX_NUMBER_CHARS || !NUMBER.matcher(text).matches()) {
      return Optional.empty();
    }
    double number = Double.parseDouble(text);
    return Double.isInfinite(number) ? Optional.empty() : Optional.of(number);
  }
}
