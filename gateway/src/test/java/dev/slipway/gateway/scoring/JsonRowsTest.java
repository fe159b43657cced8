package dev.slipway.gateway.scoring;

import static dev.slipway.gateway.scoring.ScoringModels.column;
import static dev.slipway.gateway.scoring.ScoringModels.ofColumns;
import static dev.slipway.gateway.scoring.ScoringModels.ofTensors;
import static dev.slipway.gateway.scoring.ScoringModels.tensor;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.registry.v1.ScalarType;
import dev.slipway.serving.v1.DataType;
import dev.slipway.serving.v1.PredictRequest;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A row is read beside others as it is alone, or not at all. */
class JsonRowsTest {
  private static final ScoringInputs NAMED =
      ofColumns(
          column("a", ScalarType.SCALAR_TYPE_DOUBLE, true),
          column("b", ScalarType.SCALAR_TYPE_DOUBLE, false));
  private static final ScoringInputs UNNAMED =
      ofColumns(
          column("", ScalarType.SCALAR_TYPE_DOUBLE, true),
          column("", ScalarType.SCALAR_TYPE_DOUBLE, true));
  private static final ScoringInputs TENSORS =
      ofTensors(
          tensor("x", DataType.DATA_TYPE_FP32),
          tensor("y", DataType.DATA_TYPE_FP32).toBuilder().setOptional(true).build());

  private static PredictRequest read(ScoringInputs inputs, String... rows) {
    PredictRequest.Builder request = PredictRequest.newBuilder();
    JsonRows.ofTexts(List.of(rows)).read(inputs, request);
    return request.build();
  }

  @Test
  void read_rowWithoutARequiredColumn_isRefusedAloneAndBesideOthers() {
    String lacking = "{\"b\": 1}";
    for (String[] rows :
        List.of(
            new String[] {lacking},
            new String[] {lacking, "{\"a\": 2}"},
            new String[] {"{\"a\": 2}", lacking})) {
      assertThatThrownBy(() -> read(NAMED, rows))
          .isInstanceOf(ScoringException.class)
          .hasMessage("the row lacks the column a; it has [b]");
    }
    assertThat(
            read(NAMED, "{\"a\": null}", "{\"a\": 2, \"b\": 1}")
                .getDataFrame()
                .getColumns(0)
                .getDoubles()
                .getValuesList())
        .containsExactly(Double.NaN, 2.0);
  }

  @Test
  void read_objectsForColumnsWithoutNames_needAsManyValues() {
    String whole = "{\"p\": 1, \"q\": 2}";
    assertThat(read(UNNAMED, whole, whole).getDataFrame().getRowCount()).isEqualTo(2);
    for (String[] rows : List.of(new String[] {"{\"p\": 1}"}, new String[] {whole, "{\"p\": 1}"})) {
      assertThatThrownBy(() -> read(UNNAMED, rows))
          .isInstanceOf(ScoringException.class)
          .hasMessage("the row has 1 columns and the model takes 2");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void read_optionalTensorOfSomeRows_isRefusedRatherThanPassedOver(int without) {
    String[] rows = {"{\"x\": 1, \"y\": 2}", "{\"x\": 1, \"y\": 2}"};
    assertThat(read(TENSORS, rows).getTensors().getTensorsCount()).isEqualTo(2);
    assertThat(read(TENSORS, "{\"x\": 1}", "{\"x\": 1}").getTensors().getTensorsCount())
        .isEqualTo(1);
    rows[without] = "{\"x\": 1}";

    assertThatThrownBy(() -> read(TENSORS, rows))
        .isInstanceOf(ScoringException.class)
        .hasMessage("instances[%d] lacks the tensor y", without);
  }
}
