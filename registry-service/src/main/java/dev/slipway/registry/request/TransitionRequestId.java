package dev.slipway.registry.request;

import java.util.regex.Pattern;

/** Identifies a transition request: 32 lower-case hex digits. */
public record TransitionRequestId(String value) {
  private static final Pattern FORM = Pattern.compile("[0-9a-f]{32}");

  /** Checks the form. */
  public TransitionRequestId {
    if (!FORM.matcher(value).matches()) {
      throw new IllegalArgumentException("must be 32 lower-case hex digits");
    }
  }

  @Override
  public String toString() {
    return value;
  }
}
