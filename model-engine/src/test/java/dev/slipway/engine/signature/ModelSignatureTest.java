package dev.slipway.engine.signature;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.slipway.engine.TestModels;
import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import java.nio.file.Files;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelSignatureTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  private static Optional<String> text(JsonNode node, String member) {
    return node.path(member).isTextual()
        ? Optional.of(node.path(member).textValue())
        : Optional.empty();
  }

  @Test
  void whatMlflowWrites_isReadAndWrittenByteForByte() throws Exception {
    List<String> lines = Files.readAllLines(TestModels.file("mlflow/signatures.jsonl"));
    assertThat(lines).hasSize(5);
    for (String line : lines) {
      JsonNode node = JSON.readTree(line);
      ModelSignature signature =
          ModelSignature.parse(text(node, "inputs"), text(node, "outputs"), text(node, "params"));

      assertThat(signature.inputsJson()).isEqualTo(text(node, "inputs"));
      assertThat(signature.outputsJson()).isEqualTo(text(node, "outputs"));
      assertThat(signature.paramsJson()).isEqualTo(text(node, "params"));
      assertThat(
              ModelSignature.parse(
                  signature.inputsJson(), signature.outputsJson(), signature.paramsJson()))
          .isEqualTo(signature);
    }
  }

  @Test
  void parse_yieldsTypedRecords() {
    ModelSignature signature =
        ModelSignature.parse(
            Optional.of(
                "[{\"type\":\"double\",\"name\":\"a\"},{\"type\":\"long\",\"name\":\"b\",\"optional\":true},"
                    + "{\"type\":\"array\",\"items\":{\"type\":\"string\"},\"name\":\"c\",\"required\":false}]"),
            Optional.of(
                "[{\"type\":\"tensor\",\"tensor-spec\":{\"dtype\":\"float32\",\"shape\":[-1,3]}}]"),
            Optional.of("[{\"name\":\"t\",\"type\":\"double\",\"default\":0.5,\"shape\":null}]"));

    assertThat(signature.inputs())
        .contains(
            ColumnSchema.of(
                ColumnSpec.of("a", ScalarType.DOUBLE),
                new ColumnSpec(Optional.of("b"), ScalarType.LONG, false),
                new ColumnSpec(
                    Optional.of("c"), new ColumnType.ArrayType(ScalarType.STRING), false)));
    assertThat(signature.outputs())
        .contains(TensorSchema.of(TensorSpec.unnamed(DataType.FP32, Shape.of(-1, 3))));
    assertThat(signature.params()).containsExactly(ParamSpec.of("t", ScalarType.DOUBLE, 0.5));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[ | signature.inputs is not JSON",
        "{} | signature.inputs must be a list",
        "[] | signature.inputs has neither columns nor tensors",
        "[1] | signature.inputs[0] must be an object",
        "[{\"name\":\"a\"}] | signature.inputs[0] lacks \"type\"",
        "[{\"type\":\"foo\"}] | signature.inputs[0].type is the unknown type \"foo\"",
        "[{\"type\":7}] | signature.inputs[0].type must be a string",
        "[{\"type\":\"array\"}] | signature.inputs[0] lacks \"items\"",
        "[{\"type\":\"array\",\"items\":{\"type\":\"x\"}}] | signature.inputs[0].items.type is the"
            + " unknown type",
        "[{\"type\":\"object\",\"properties\":{\"p\":{}}}] | signature.inputs[0].properties.p lacks"
            + " \"type\"",
        "[{\"type\":\"double\",\"required\":\"yes\"}] | signature.inputs[0].required must be true"
            + " or false",
        "[{\"type\":\"tensor\"}] | signature.inputs[0] lacks \"tensor-spec\"",
        "[{\"type\":\"tensor\",\"tensor-spec\":{\"dtype\":\"int8\",\"shape\":[1.5]}}] | shape[0]"
            + " must be a whole number",
        "[{\"type\":\"tensor\",\"tensor-spec\":{\"dtype\":\"int8\",\"shape\":[-2]}}] | shape is not"
            + " a shape",
        "[{\"type\":\"double\"},{\"type\":\"tensor\",\"tensor-spec\":{\"dtype\":\"int8\",\"shape\":[]}}]"
            + " | mixes columns and tensors",
        "[{\"type\":\"double\",\"name\":\"a\"},{\"type\":\"double\"}] | has names for some",
        "[{\"type\":\"double\",\"name\":\"a\"},{\"type\":\"double\",\"name\":\"a\"}] | has the name"
            + " \"a\" twice",
        "[{\"type\":\"double\",\"type\":\"long\"}] | signature.inputs is not JSON",
        "[] [] | signature.inputs is not JSON",
      })
  void parse_ofSomethingElse_namesThePlace(String json, String complaint) {
    assertThatThrownBy(
            () -> ModelSignature.parse(Optional.of(json), Optional.empty(), Optional.empty()))
        .isInstanceOf(ModelPackageException.class)
        .hasMessageContaining(complaint);
  }

  @Test
  void parse_ofHostileNesting_isRefused() {
    String json = "[{\"type\":\"array\",\"items\":".repeat(5_000);
    assertThatThrownBy(
            () -> ModelSignature.parse(Optional.of(json), Optional.empty(), Optional.empty()))
        .isInstanceOf(ModelPackageException.class);
  }

  @ParameterizedTest
  @CsvSource({
    "0.1, 0.1",
    "1e-5, 1e-05",
    "0.0001, 0.0001",
    "1e16, 1e+16",
    "9999999999999998, 9999999999999998.0",
    "1.7976931348623157e308, 1.7976931348623157e+308",
    "4.9e-324, 5e-324",
    "2.0E-3, 0.002",
    "2.2250738585072014e-308, 2.2250738585072014e-308",
    "-1.5e-300, -1.5e-300",
    "-0.0, -0.0",
    "100, 100.0",
  })
  void repr_isPythons(double value, String repr) {
    assertThat(PythonJson.repr(value)).isEqualTo(repr);
  }
}
