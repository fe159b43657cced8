package dev.slipway.tracking.run;

import java.util.UUID;
import java.util.regex.Pattern;

/**
 * Identifies a run.
 *
 * @param uuid the 128 bits of the id; databases keep them as such
 */
public record RunId(UUID uuid) {
  private static final Pattern HEX = Pattern.compile("[0-9a-f]{32}");

  /** Returns a new random id. */
  public static RunId random() {
    return new RunId(UUID.randomUUID());
  }

  /**
   * Reads the text form.
   *
   * @throws IllegalArgumentException if it is not 32 lower-case hexadecimal digits
   */
  public static RunId parse(String text) {
    if (text.isEmpty()) {
      throw new IllegalArgumentException("is required");
    }
    if (!HEX.matcher(text).matches()) {
      throw new IllegalArgumentException("must be 32 lower-case hexadecimal digits");
    }
    return new RunId(
        new UUID(
            Long.parseUnsignedLong(text.substring(0, 16), 16),
            Long.parseUnsignedLong(text.substring(16), 16)));
  }

  /** Returns the text form: 32 lower-case hexadecimal digits. */
  @Override
  public String toString() {
    return uuid.toString().replace("-", "");
  }
}
