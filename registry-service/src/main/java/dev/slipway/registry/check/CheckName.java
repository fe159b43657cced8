package dev.slipway.registry.check;

import java.util.regex.Pattern;

/** Names a check: 1 to 64 characters {@code [A-Za-z0-9._-]}. */
public record CheckName(String value) {
  private static final Pattern FORM = Pattern.compile("[A-Za-z0-9._-]{1,64}");

  /** Checks the form. */
  public CheckName {
    if (!FORM.matcher(value).matches()) {
      throw new IllegalArgumentException("must be 1 to 64 of the characters A-Z a-z 0-9 . _ -");
    }
  }

  @Override
  public String toString() {
    return value;
  }
}
