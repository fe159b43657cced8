package dev.slipway.registry.version;

import java.util.regex.Pattern;

/** Identifies a logged model of the tracking service: {@code m-} and 32 lower-case hex digits. */
public record LoggedModelId(String value) {
  private static final Pattern FORM = Pattern.compile("m-[0-9a-f]{32}");

  /** Checks the form. */
  public LoggedModelId {
    if (!isLoggedModelId(value)) {
      throw new IllegalArgumentException("must be m- and 32 lower-case hexadecimal digits");
    }
  }

  /** Returns whether a text has the form. */
  public static boolean isLoggedModelId(String text) {
    return FORM.matcher(text).matches();
  }

  @Override
  public String toString() {
    return value;
  }
}
