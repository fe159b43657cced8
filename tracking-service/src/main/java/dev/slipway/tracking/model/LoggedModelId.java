package dev.slipway.tracking.model;

import dev.slipway.runtime.error.InvalidValueException;
import dev.slipway.tracking.entry.HexUuid;
import java.util.Optional;
import java.util.UUID;

/**
 * Identifies a logged model.
 *
 * @param uuid the 128 bits of the id; databases keep them as such
 */
public record LoggedModelId(UUID uuid) {
  /** What the text form begins with. */
  public static final String PREFIX = "m-";

  /** Returns a new random id. */
  public static LoggedModelId random() {
    return new LoggedModelId(UUID.randomUUID());
  }

  /**
   * Reads the text form.
   *
   * @throws IllegalArgumentException if it is not {@code m-} and 32 lower-case hexadecimal digits
   */
  public static LoggedModelId parse(String text) {
    if (text.isEmpty()) {
      throw InvalidValueException.missing();
    }
    Optional<UUID> uuid =
        text.startsWith(PREFIX) ? HexUuid.parse(text.substring(PREFIX.length())) : Optional.empty();
    return new LoggedModelId(
        uuid.orElseThrow(
            () -> new IllegalArgumentException("must be m- and 32 lower-case hexadecimal digits")));
  }

  /** Returns the text form: {@code m-} and 32 lower-case hexadecimal digits. */
  @Override
  public String toString() {
    return PREFIX + HexUuid.format(uuid);
  }
}
