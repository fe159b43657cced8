package dev.slipway.cli.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class TextTableTest {
  private final StringWriter out = new StringWriter();

  private TextTable table(int limit) {
    return new TextTable(new PrintWriter(out), limit, "NAME", "ABOUT");
  }

  @Test
  void print_columnsAreAsWideAsTheirCells() {
    TextTable table = table(0);
    table.row("digits", "reads digits, at any length that a description may have");
    table.row("größe 😀", "");
    table.print();

    assertThat(out.toString())
        .isEqualTo(
            """
            NAME     ABOUT
            digits   reads digits, at any length that a description may have
            größe 😀  -
            """);
  }

  @Test
  void print_laterPage_hasNoHeadingAndKeepsTheWidths() {
    TextTable table = table(0);
    table.row("a long name", "1");
    table.print();
    out.getBuffer().setLength(0);
    table.row("short", "2");
    table.print();

    assertThat(out.toString()).isEqualTo("short        2\n");
  }

  @Test
  void print_tooWideForTheTerminal_cutsTheWidestColumnWithAMark() {
    TextTable table = table(30);
    table.row("digits", "reads images of handwritten digits");
    table.row("faces", "short");
    table.print();

    assertThat(out.toString())
        .isEqualTo(
            """
            NAME    ABOUT
            digits  reads images of handw…
            faces   short
            """);
  }

  @Test
  void row_controlCharacters_cannotBreakTheLineOrSteerTheTerminal() {
    TextTable table = table(0);
    table.row("a\nb", "\u001b[31mred");
    table.print();

    assertThat(out.toString()).endsWith("\na b   [31mred\n");
  }
}
