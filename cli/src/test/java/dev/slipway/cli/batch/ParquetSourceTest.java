package dev.slipway.cli.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.gateway.scoring.InputRows;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ParquetSourceTest {
  /** Written by pyarrow with Zstandard: 100 rows in three row groups. */
  private static final Path ROWS = Path.of("src/test/resources/dev/slipway/cli/batch/rows.parquet");

  @TempDir private Path folder;

  @Test
  void next_fileOfAnotherLibrary_readsEveryType() throws IOException {
    assertThat(rows(ROWS))
        .hasSize(100)
        .contains(
            """
            {"id":"00000","a":-2.0,"b":null,"c":-2.0,"day":"2026-01-31","at":"2026-01-31T12:00:00Z",\
            "list":[],"price":1.50,"n":0,"flag":true,"raw":"AA=="}\
            """,
            """
            {"id":"00001","a":-0.8999999999999999,"b":0.5,"c":-1.3,"day":"2026-01-31",\
            "at":"2026-01-31T12:00:00.000001Z",\
            "list":[1,null],"price":1.50,"n":null,"flag":false,"raw":"AQ=="}\
            """);
  }

  @Test
  void write_whatWasRead_isReadAgainWithItsTypes() throws Exception {
    List<OutputColumn> columns;
    try (RowSource source = RowSource.open(FileFormat.PARQUET, ROWS)) {
      columns = source.columns().orElseThrow();
    }
    assertThat(columns)
        .extracting(OutputColumn::type)
        .containsExactly(
            OutputColumn.Type.TEXT,
            OutputColumn.Type.DOUBLE,
            OutputColumn.Type.FLOAT,
            OutputColumn.Type.DOUBLE,
            OutputColumn.Type.TEXT,
            OutputColumn.Type.DATETIME,
            OutputColumn.Type.TEXT,
            OutputColumn.Type.TEXT,
            OutputColumn.Type.INTEGER,
            OutputColumn.Type.BOOLEAN,
            OutputColumn.Type.BINARY);
    Path lines = Files.write(folder.resolve("rows.jsonl"), rows(ROWS));
    Path written = folder.resolve("rows.parquet");
    try (OutputStream out = Files.newOutputStream(written)) {
      ParquetResult.write(lines, columns, out);
    }

    List<String> expected =
        rows(ROWS).stream()
            // A decimal and a list are texts now.
            .map(row -> row.replace("1.50", "\"1.50\"").replaceAll("(\\[.*])", "\"$1\""))
            .toList();
    assertThat(rows(written)).isEqualTo(expected);
  }

  @Test
  void open_compressionThatCannotBeRead_isRefused() {
    assertThatThrownBy(
            () -> RowSource.open(FileFormat.PARQUET, ROWS.resolveSibling("gzip.parquet")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("is compressed as GZIP");
  }

  private static List<String> rows(Path file) throws IOException {
    List<String> rows = new ArrayList<>();
    try (RowSource source = RowSource.open(FileFormat.PARQUET, file)) {
      List<String> names = source.columns().orElseThrow().stream().map(OutputColumn::name).toList();
      for (InputRows next = source.next(7); next.size() > 0; next = source.next(7)) {
        for (int i = 0; i < next.size(); i++) {
          ObjectNode row = JsonNodeFactory.instance.objectNode();
          for (String name : names) {
            row.set(name, next.value(i, name));
          }
          rows.add(row.toString());
        }
      }
      assertThat(source.progress()).isEqualTo(1);
    }
    return rows;
  }
}
