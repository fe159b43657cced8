package dev.slipway.artifact.content;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * Is the SHA-256 of some bytes, and so their name. Immutable.
 *
 * @param hex 64 lower-case hexadecimal digits
 */
public record Sha256(String hex) {
  private static final Pattern HEX = Pattern.compile("[0-9a-f]{64}");

  /** Checks the digits. */
  public Sha256 {
    if (!isValid(hex)) {
      throw new IllegalArgumentException("must be 64 lower-case hexadecimal digits");
    }
  }

  /** Returns whether a text is 64 lower-case hexadecimal digits. */
  public static boolean isValid(String text) {
    return HEX.matcher(text).matches();
  }

  /** Returns a fresh accumulator of bytes. */
  public static MessageDigest newDigest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** Returns the digest of what was accumulated, and resets the accumulator. */
  public static Sha256 of(MessageDigest accumulated) {
    return new Sha256(HexFormat.of().formatHex(accumulated.digest()));
  }

  /** Returns the digits. */
  @Override
  public String toString() {
    return hex;
  }
}
