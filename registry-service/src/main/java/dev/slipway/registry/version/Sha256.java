package dev.slipway.registry.version;

import java.util.regex.Pattern;

/** Is a SHA-256 digest: 64 lower-case hex digits. */
public record Sha256(String hex) {
  private static final Pattern FORM = Pattern.compile("[0-9a-f]{64}");

  /** Checks the form. */
  public Sha256 {
    if (!FORM.matcher(hex).matches()) {
      throw new IllegalArgumentException("must be 64 lower-case hexadecimal digits");
    }
  }

  @Override
  public String toString() {
    return hex;
  }
}
