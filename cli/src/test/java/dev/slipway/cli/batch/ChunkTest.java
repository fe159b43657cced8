package dev.slipway.cli.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.TextFormat;
import dev.slipway.gateway.scoring.JsonRows;
import dev.slipway.gateway.scoring.ScoringException;
import dev.slipway.gateway.scoring.ScoringInputs;
import dev.slipway.serving.v1.DescribeModelResponse;
import dev.slipway.serving.v1.PredictResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ChunkTest {
  private static final List<OutputColumn> PREDICTED =
      List.of(new OutputColumn("y", OutputColumn.Type.LONG));

  private final Chunk chunk =
      new Chunk(
          10,
          JsonRows.ofTexts(List.of("{\"n\": 1}", "{\"n\": \"x\"}", "{\"n\": 3}", "{\"n\": 4}")),
          inputs());

  private static ScoringInputs inputs() {
    return new ScoringInputs(
        parse(
            "signature { inputs { columns { columns { name: 'n' required: true"
                + " type { scalar: SCALAR_TYPE_LONG } } } } }",
            DescribeModelResponse.class));
  }

  private static <T extends com.google.protobuf.Message> T parse(String text, Class<T> type) {
    try {
      return TextFormat.parse(text, type);
    } catch (TextFormat.ParseException e) {
      throw new IllegalArgumentException(e);
    }
  }

  @Test
  void output_faultsOfBothSides_areInTheirRows() {
    assertThat(
            chunk.request().orElseThrow().getDataFrame().getColumns(0).getInt64S().getValuesList())
        .containsExactly(1L, 3L, 4L);

    chunk.answer(
        parse(
            "data_frame { row_count: 3 columns { name: 'y' int64s { values: [10, 0, 40] } } }"
                + " row_errors { row: 1 field: 'n' status { code: 3 message: 'too odd' } }",
            PredictResponse.class));

    assertThat(chunk.output(List.of("n"), PREDICTED, Optional.of("error")))
        .extracting(Object::toString)
        .containsExactly(
            "{\"n\":1,\"y\":10,\"error\":null}",
            "{\"n\":\"x\",\"y\":null,\"error\":\"n must be a whole number, not \\\"x\\\"\"}",
            "{\"n\":3,\"y\":null,\"error\":\"n: too odd\"}",
            "{\"n\":4,\"y\":40,\"error\":null}");
    assertThat(chunk.faultCount()).isEqualTo(2);
    assertThat(chunk.firstFault())
        .hasValueSatisfying(fault -> assertThat(fault).startsWith("row 12: n must"));
  }

  @Test
  void new_rowThatLacksARequiredColumn_isAtFaultWhateverItsNeighbours() {
    String lacking = "{\"m\": 5}";
    for (List<String> neighbours :
        List.of(
            List.<String>of(), List.of("{\"n\": 1}"), List.of("{\"n\": 1}", "{\"n\": \"x\"}"))) {
      List<String> rows = new ArrayList<>(neighbours);
      rows.add(0, lacking);

      Chunk read = new Chunk(0, JsonRows.ofTexts(rows), inputs());

      assertThat(read.firstFault()).hasValue("row 1: the row lacks the column n; it has [m]");
      assertThat(read.request().isPresent()).isEqualTo(!neighbours.isEmpty());
      read.request()
          .ifPresent(
              asked ->
                  assertThat(asked.getDataFrame().getColumns(0).getInt64S().getValuesList())
                      .containsExactly(1L));
    }
  }

  @Test
  void answer_ofAnotherNumberOfRows_isRefused() {
    assertThatThrownBy(
            () -> chunk.answer(parse("data_frame { row_count: 1 }", PredictResponse.class)))
        .isInstanceOf(ScoringException.class)
        .hasMessageContaining("rows 11 to 14 were asked about and the model answered 1");
  }

  @Test
  void new_rowsThatDoNotGoTogether_saysSo() {
    assertThatThrownBy(() -> new Chunk(0, JsonRows.ofTexts(List.of("{\"n\": 1}", "[2]")), inputs()))
        .isInstanceOf(ScoringException.class)
        .hasMessageContaining("--rows-per-request=1");
  }
}
