package dev.slipway.artifact.upload;

import java.util.regex.Pattern;

/**
 * Names an upload that can be resumed; chosen by the client. Safe as a file name.
 *
 * @param value 1 to 64 characters of {@code [A-Za-z0-9._-]}, not {@code .} or {@code ..}
 */
public record UploadId(String value) {
  private static final Pattern VALID = Pattern.compile("[A-Za-z0-9._-]{1,64}");

  /** Checks the characters. */
  public UploadId {
    if (!isValid(value)) {
      throw new IllegalArgumentException("must be 1 to 64 characters of [A-Za-z0-9._-]");
    }
  }

  /** Returns whether a text can name an upload. */
  public static boolean isValid(String text) {
    return VALID.matcher(text).matches() && !text.equals(".") && !text.equals("..");
  }

  /** Returns the name. */
  @Override
  public String toString() {
    return value;
  }
}
