package dev.slipway.gateway.scoring;

import static dev.slipway.gateway.scoring.ScoringModels.column;
import static dev.slipway.gateway.scoring.ScoringModels.listColumn;
import static dev.slipway.gateway.scoring.ScoringModels.ofColumns;
import static dev.slipway.gateway.scoring.ScoringModels.ofTensors;
import static dev.slipway.gateway.scoring.ScoringModels.tensor;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.TextFormat;
import dev.slipway.registry.v1.ScalarType;
import dev.slipway.serving.v1.DataFrame;
import dev.slipway.serving.v1.DataType;
import dev.slipway.serving.v1.PredictRequest;
import java.io.IOException;
import java.io.StringReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CsvTablesTest {
  private static final ScoringInputs INPUTS =
      ofColumns(
          column("n", ScalarType.SCALAR_TYPE_LONG, false),
          column("text", ScalarType.SCALAR_TYPE_STRING, false),
          column("real", ScalarType.SCALAR_TYPE_DOUBLE, false),
          column("flag", ScalarType.SCALAR_TYPE_BOOLEAN, false),
          column("time", ScalarType.SCALAR_TYPE_DATETIME, false),
          listColumn("list"));

  @Test
  void read_someRowsAtATime_readsEachAsItsType() throws Exception {
    String csv =
        """
        text,n,real,flag,time,list,more
        "a,b",1,.5,TRUE,2026-01-31 12:00:00,"[1, 2]",x
        "",2.0,,0,,,
        ,,inf,,,,
        """;
    try (CsvTables tables = new CsvTables(new StringReader(csv))) {
      PredictRequest.Builder first = PredictRequest.newBuilder();
      assertThat(tables.read(2, INPUTS, first)).isEqualTo(2);
      assertThat(first.getDataFrame())
          .isEqualTo(
              TextFormat.parse(
                  """
                  row_count: 2
                  columns { name: "n" int64s { values: [1, 2] } }
                  columns { name: "text" strings { values: ["a,b", ""] } }
                  columns { name: "real" doubles { values: [0.5, nan] } }
                  columns { name: "flag" bools { values: [true, false] } }
                  columns { name: "time" timestamps_micros { values: [1769860800000000, 0] } null_rows: 1 }
                  columns { name: "list" json { values: ["[1,2]", "null"] } null_rows: 1 }
                  """,
                  DataFrame.class));
      PredictRequest.Builder second = PredictRequest.newBuilder();
      assertThat(tables.read(2, INPUTS, second)).isEqualTo(1);
      assertThat(second.getDataFrame().getColumns(1).getNullRowsList()).containsExactly(0);
      assertThat(second.getDataFrame().getColumns(2).getDoubles().getValues(0))
          .isEqualTo(Double.POSITIVE_INFINITY);
      assertThat(tables.read(2, INPUTS, PredictRequest.newBuilder())).isZero();
    }
  }

  @Test
  void read_modelOfOneTensor_takesTheRowsOfNumbers() throws Exception {
    PredictRequest.Builder request = PredictRequest.newBuilder();
    try (CsvTables tables = new CsvTables(new StringReader("a,b\n1,2\n3,4.5\n"))) {
      assertThat(tables.read(10, ofTensors(tensor("x", DataType.DATA_TYPE_FP64)), request))
          .isEqualTo(2);
    }
    assertThat(request.getTensors().getTensors(0).getShapeList()).containsExactly(2L, 2L);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "n;1e-999999999 | csv[1].n must be a whole number",
        "n;x | csv[1].n must be a whole number, not \"x\"",
        "n,text;1 | row 2 of the CSV has 1 cells and its header 2",
        "n,n | the header of the CSV",
        "n;\"open | row 2 of the CSV"
      })
  void read_malformed_saysInWhichRow(String csv, String message) {
    String lines = csv.contains(";") ? csv.replace(";", "\n" + row(csv) + "\n") : csv;
    assertThatThrownBy(() -> readAll(lines))
        .isInstanceOf(ScoringException.class)
        .hasMessageContaining(message);
  }

  private static String row(String csv) {
    return csv.startsWith("n,") ? "1,a" : "1";
  }

  @Test
  void next_rowsOfEmptyCells_countsWhatSeparatesThem() throws Exception {
    String csv = "a,b,c,d\n" + ",,,\n".repeat(10);
    try (CsvTables tables = new CsvTables(new StringReader(csv))) {
      assertThat(tables.next(100, 12).size()).isEqualTo(3);
      assertThat(tables.next(100, Long.MAX_VALUE).size()).isEqualTo(7);
    }
  }

  @Test
  void new_empty_isRefused() {
    assertThatThrownBy(() -> readAll(""))
        .isInstanceOf(ScoringException.class)
        .hasMessageContaining("must name the columns");
  }

  private static void readAll(String csv) throws IOException {
    try (CsvTables tables = new CsvTables(new StringReader(csv))) {
      while (tables.read(1, INPUTS, PredictRequest.newBuilder()) > 0) {
        // To the end.
      }
    }
  }
}
