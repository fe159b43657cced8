package dev.slipway.tracking.run;

import dev.slipway.runtime.error.InvalidValueException;
import dev.slipway.tracking.entry.HexUuid;
import java.time.Instant;
import java.util.UUID;

/**
 * Identifies a run.
 *
 * @param uuid the 128 bits of the id; databases keep them as such
 */
public record RunId(UUID uuid) {
  /**
   * Returns a new id: a UUID of version 7 (RFC 9562), 48 bits of time before 74 random ones. Runs
   * of the same time then lie together in every table and index, and lists of recent runs touch few
   * pages.
   *
   * @param now when the run is created
   */
  public static RunId create(Instant now) {
    UUID random = UUID.randomUUID();
    long high = now.toEpochMilli() << 16 | 0x7000 | (random.getMostSignificantBits() & 0xfff);
    return new RunId(new UUID(high, random.getLeastSignificantBits()));
  }

  /**
   * Reads the text form.
   *
   * @throws IllegalArgumentException if it is not 32 lower-case hexadecimal digits
   */
  public static RunId parse(String text) {
    if (text.isEmpty()) {
      throw InvalidValueException.missing();
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
