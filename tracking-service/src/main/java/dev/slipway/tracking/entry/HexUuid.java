package dev.slipway.tracking.entry;

import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;

/** Writes 128 bits as 32 lower-case hexadecimal digits, the form that ids have outside. */
public final class HexUuid {
  private static final Pattern HEX = Pattern.compile("[0-9a-f]{32}");

  private HexUuid() {}

  /** Reads the text form; absent if it is none. */
  public static Optional<UUID> parse(String text) {
    return HEX.matcher(text).matches()
        ? Optional.of(
            new UUID(
                Long.parseUnsignedLong(text.substring(0, 16), 16),
                Long.parseUnsignedLong(text.substring(16), 16)))
        : Optional.empty();
  }

  /** Returns the text form. */
  public static String format(UUID uuid) {
    return uuid.toString().replace("-", "");
  }
}
