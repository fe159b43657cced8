package dev.slipway.cli.client;

import java.util.regex.Pattern;

/** Makes one line of a text that somebody else has written. Stateless. */
public final class TextLine {
  /** Would break the line, or steer the terminal. */
  private static final Pattern CONTROL = Pattern.compile("[\\p{Cntrl}\\u2028\\u2029]+");

  private TextLine() {}

  /** Returns the text with a space in the place of line breaks and other control characters. */
  public static String of(String text) {
    return CONTROL.matcher(text).replaceAll(" ").strip();
  }
}
