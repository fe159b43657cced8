package dev.slipway.gateway.scoring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.registry.v1.DataType;
import dev.slipway.registry.v1.ParamSpec;
import dev.slipway.registry.v1.ScalarType;
import dev.slipway.serving.v1.ParameterList;
import dev.slipway.serving.v1.ParameterValue;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ParameterTextsTest {
  private static final List<ParamSpec> DECLARED =
      List.of(
          param("flag", ScalarType.SCALAR_TYPE_BOOLEAN).build(),
          param("top", ScalarType.SCALAR_TYPE_INTEGER).build(),
          param("seed", ScalarType.SCALAR_TYPE_LONG).build(),
          param("heat", ScalarType.SCALAR_TYPE_FLOAT).build(),
          param("text", ScalarType.SCALAR_TYPE_STRING).build(),
          param("since", ScalarType.SCALAR_TYPE_DATETIME).build(),
          param("stops", ScalarType.SCALAR_TYPE_STRING).addShape(-1).build(),
          param("weights", ScalarType.SCALAR_TYPE_DOUBLE).addShape(-1).build());

  private static ParamSpec.Builder param(String name, ScalarType type) {
    return ParamSpec.newBuilder().setName(name).setType(DataType.newBuilder().setScalar(type));
  }

  private static ParameterValue text(String value) {
    return ParameterValue.newBuilder().setStringValue(value).build();
  }

  private static ParameterValue number(double value) {
    return ParameterValue.newBuilder().setDoubleValue(value).build();
  }

  private static ParameterValue list(ParameterValue... values) {
    return ParameterValue.newBuilder()
        .setListValue(ParameterList.newBuilder().addAllValues(List.of(values)))
        .build();
  }

  @Test
  void texts_areReadInTheDeclaredTypes() {
    assertThat(
            ParameterTexts.read(
                List.of(
                    "flag=true",
                    "top=-3",
                    "seed=9007199254740993",
                    "heat=7",
                    "text=12=a b",
                    "since=2026-01-02T03:04:05Z",
                    "stops=[\"a\", \"\", \"1\"]",
                    "weights=[1, 2.5]"),
                DECLARED))
        .containsEntry("flag", ParameterValue.newBuilder().setBoolValue(true).build())
        .containsEntry("top", ParameterValue.newBuilder().setInt64Value(-3).build())
        .containsEntry(
            "seed", ParameterValue.newBuilder().setInt64Value(9_007_199_254_740_993L).build())
        .containsEntry("heat", number(7))
        .containsEntry("text", text("12=a b"))
        .containsEntry("since", text("2026-01-02T03:04:05Z"))
        .containsEntry("stops", list(text("a"), text(""), text("1")))
        .containsEntry("weights", list(number(1), number(2.5)))
        .hasSize(8);
    assertThat(ParameterTexts.read(List.of("text=", "weights=[]"), DECLARED))
        .containsEntry("text", text(""))
        .containsEntry("weights", list());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "flag=yes | the parameter flag must be a value of type boolean, not yes",
        "top=2147483648 | the parameter top must be a value of type integer, not 2147483648",
        "seed=1.5 | the parameter seed must be a value of type long, not 1.5",
        "heat=hot | the parameter heat must be a value of type float, not hot",
        "stops=a | the parameter stops must be a list of type string as JSON, not a",
        "stops=[[1]] | the parameter stops must be a list of type string as JSON, not [[1]]",
        "stops=[null] | must be a list of type string as JSON, not [null]",
        "weights=[1, \"x\"] | must be a list of type double as JSON",
        "weights=1 | must be a list of type double as JSON, not 1",
        "cold=1 | the model declares no parameter cold; it declares flag, top",
        "=1 | \"=1\" is not NAME=VALUE",
        "heat | \"heat\" is not NAME=VALUE"
      })
  void unfitText_isRefused(String assignment, String message) {
    assertThatThrownBy(() -> ParameterTexts.read(List.of(assignment), DECLARED))
        .isInstanceOf(ScoringException.class)
        .hasMessageContaining(message);
  }

  @Test
  void severalFaults_areToldTogether() {
    assertThatThrownBy(
            () -> ParameterTexts.read(List.of("top=1", "top=2", "x=1", "seed=a"), DECLARED))
        .hasMessageContaining("the parameter top is given twice; ")
        .hasMessageContaining("no parameter x")
        .hasMessageContaining("the parameter seed must be");
    assertThatThrownBy(() -> ParameterTexts.read(List.of("x=1"), List.of()))
        .hasMessage("the model declares no parameter x");
  }
}
