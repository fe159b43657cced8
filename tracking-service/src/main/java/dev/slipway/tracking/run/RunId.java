package dev.slipway.tracking.run;

import dev.slipway.tracking.entry.HexUuid;
import java.util.UUID;

/**
 * Identifies a run.
 *
 * @param uuid the 128 bits of the id; databases keep them as such
 */
public record RunId(UUID uuid) {
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
    return new RunId(
        HexUuid.parse(text)
            .orElseThrow(
                () -> new IllegalArgumentException("must be 32 lower-case hexadecimal digits")));
  }

  /** Returns the text form: 32 lower-case hexadecimal digits. */
  @Override
  public String toString() {
    return HexUuid.format(uuid);
  }
}
