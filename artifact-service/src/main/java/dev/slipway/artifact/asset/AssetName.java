package dev.slipway.artifact.asset;

import dev.slipway.artifact.content.ArtifactPath;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/**
 * Is the name of an asset: a safe path of a small alphabet, beginning and ending with a letter or
 * digit. Immutable.
 *
 * @param value the name, e.g. {@code vocabularies/english}
 */
public record AssetName(String value) {
  /** Most characters of a name. */
  public static final int MAX_CHARS = 255;

  private static final Pattern FORM =
      Pattern.compile("[A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?");

  /** Checks the name. */
  public AssetName {
    if (value.length() > MAX_CHARS) {
      throw new IllegalArgumentException("must not be longer than " + MAX_CHARS + " characters");
    }
    if (!FORM.matcher(value).matches()) {
      throw new IllegalArgumentException(
          "must be of the characters A-Z a-z 0-9 . _ / - and begin and end with a letter or digit");
    }
    ArtifactPath.problem(value)
        .ifPresent(
            problem -> {
              throw new IllegalArgumentException(problem);
            });
  }

  /** Returns the bytes by which assets are sorted. */
  public byte[] utf8() {
    return value.getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public String toString() {
    return value;
  }
}
