package dev.slipway.cli.registry;

import dev.slipway.cli.client.TextLine;
import java.io.PrintWriter;
import java.util.List;

/** Prints what is known of a thing, a named line each. Not thread-safe. */
public final class TextLines {
  private final PrintWriter out;

  /** Begins under a heading that is printed already. */
  public TextLines(PrintWriter out) {
    this.out = out;
  }

  /** Prints a line; nothing when the text is empty. */
  public void line(String what, String text) {
    if (!text.isEmpty()) {
      out.printf("  %-10s %s%n", what, TextLine.of(text));
    }
  }

  /** Prints several lines under one name. */
  public void lines(String what, List<String> texts) {
    for (int i = 0; i < texts.size(); i++) {
      line(i == 0 ? what : "", texts.get(i));
    }
  }
}
