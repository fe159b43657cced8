package dev.slipway.cli.client;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Prints rows under headings, a page of them at a time, in columns as wide as what is in them.
 * Where that is too wide for the terminal the widest columns are cut, with a mark; in a file or a
 * pipe nothing is. Not thread-safe.
 */
public final class TextTable {
  /** Set by the launcher to the width of the terminal, when standard output is one. */
  private static final String COLUMNS_PROPERTY = "slipway.output.columns";

  private static final int NARROWEST = 8;
  private static final String GAP = "  ";
  private static final String CUT = "…";

  private final PrintWriter out;
  private final int limit;
  private final int[] widths;
  private final List<List<String>> rows = new ArrayList<>();

  /** Begins a table on standard output. */
  public TextTable(PrintWriter out, String... headings) {
    this(out, Integer.getInteger(COLUMNS_PROPERTY, 0), headings);
  }

  /**
   * Begins a table.
   *
   * @param limit characters that a line may have, 0 for any number
   */
  TextTable(PrintWriter out, int limit, String... headings) {
    this.out = out;
    this.limit = limit;
    this.widths = new int[headings.length];
    row(headings);
  }

  /** Adds a row; empty cells are shown as a dash. */
  public void row(String... cells) {
    List<String> row =
        Arrays.stream(cells).map(cell -> cell.isEmpty() ? "-" : TextLine.of(cell)).toList();
    for (int i = 0; i < widths.length; i++) {
      widths[i] = Math.max(widths[i], length(row.get(i)));
    }
    rows.add(row);
  }

  /** Prints the rows that were added since it last did. */
  public void print() {
    int[] shown = fitting();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < shown.length; i++) {
        String cell = cut(row.get(i), shown[i]);
        line.append(i == 0 ? "" : GAP).append(cell);
        if (i < shown.length - 1) {
          line.append(" ".repeat(shown[i] - length(cell)));
        }
      }
      out.println(line);
    }
    out.flush();
    rows.clear();
  }

  private int[] fitting() {
    int[] shown = widths.clone();
    int excess = Arrays.stream(shown).sum() + GAP.length() * (shown.length - 1) - limit;
    for (; limit > 0 && excess > 0; excess--) {
      int widest = 0;
      for (int i = 1; i < shown.length; i++) {
        widest = shown[i] > shown[widest] ? i : widest;
      }
      if (shown[widest] <= NARROWEST) {
        break;
      }
      shown[widest]--;
    }
    return shown;
  }

  private static String cut(String cell, int width) {
    return length(cell) <= width
        ? cell
        : cell.substring(0, cell.offsetByCodePoints(0, width - 1)) + CUT;
  }

  private static int length(String text) {
    return text.codePointCount(0, text.length());
  }
}
