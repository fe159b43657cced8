package dev.slipway.registry.version;

import java.util.regex.Pattern;

/** Identifies a run of the tracking service: 32 lower-case hex digits. */
public record RunId(String value) {
  private static final Pattern FORM = Pattern.compile("[0-9a-f]{32}");

  /** Checks the form. */
  public RunId {
    if (!isRunId(value)) {
      throw new IllegalArgumentException("must be 32 lower-case hexadecimal digits");
    }
  }

  /** Returns whether a text has the form. */
  public static boolean isRunId(String text) {
    return FORM.matcher(text).matches();
  }

  @Override
  public String toString() {
    return value;
  }
}
