package dev.slipway.engine.packaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.engine.TestModels;
import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.signature.ColumnSchema;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.signature.ScalarType;
import dev.slipway.engine.signature.TensorSchema;
import dev.slipway.engine.signature.TensorSpec;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class MLmodelTest {

  @ParameterizedTest
  @ValueSource(strings = {"onnx", "xgboost-booster", "xgboost-classifier"})
  void whatMlflowWrites_isReadAndWrittenByteForByte(String name) throws Exception {
    Path file = TestModels.file("mlflow/" + name + "/MLmodel");
    // The one difference: SnakeYAML escapes with lower-case hexadecimal digits where PyYAML uses
    // upper case.
    assertThat(MLmodel.read(file).toYaml())
        .isEqualTo(Files.readString(file).replace("\\xE9", "\\xe9"));
  }

  @Test
  void read_yieldsTypedValues() {
    MLmodel mlmodel = TestModels.mlflow("onnx").mlmodel();

    assertThat(mlmodel.flavors()).containsOnlyKeys("onnx", "python_function");
    assertThat(mlmodel.flavors().get("onnx").text("data")).isEqualTo("model.onnx");
    assertThat(mlmodel.flavors().get("onnx").config())
        .containsEntry("providers", List.of("CUDAExecutionProvider", "CPUExecutionProvider"))
        .containsEntry("code", null);
    assertThat(mlmodel.runId()).contains("fedcba9876543210fedcba9876543210");
    assertThat(mlmodel.modelUuid()).contains("0123456789abcdef0123456789abcdef");
    assertThat(mlmodel.utcTimeCreated()).contains("2026-01-02 03:04:05.678901");
    assertThat(mlmodel.mlflowVersion()).contains("3.17.2");
    assertThat(mlmodel.metadata())
        .containsEntry("owner", "tests")
        .containsEntry("ratio", 0.5)
        .containsEntry("since", "2024-01-01")
        .containsEntry("on", "yes")
        .containsEntry("list", Arrays.asList(1, null, Map.of("é", true)));
    assertThat(mlmodel.otherKeys())
        .containsEntry("model_size_bytes", 533)
        .containsEntry("prompts", null);
    ModelSignature signature = mlmodel.signature().orElseThrow();
    assertThat(signature.inputs())
        .contains(TensorSchema.of(TensorSpec.unnamed(DataType.FP32, Shape.of(-1, 4))));
    assertThat(signature.params()).hasSize(2);
  }

  @Test
  void read_ofColumns_keepsTheirOrderAndWhetherTheyAreRequired() {
    ColumnSchema columns =
        (ColumnSchema)
            TestModels.mlflow("xgboost-booster")
                .signature()
                .flatMap(ModelSignature::inputs)
                .orElseThrow();
    assertThat(columns.columns())
        .extracting(column -> column.name().orElseThrow())
        .containsExactly("height", "weight", "age");
    assertThat(columns.columns())
        .extracting(column -> column.required())
        .containsExactly(true, false, true);
    assertThat(columns.columns()).allMatch(column -> column.type() == ScalarType.DOUBLE);
  }

  @Test
  void write_thenRead_givesTheSame(@TempDir Path folder) {
    MLmodel mlmodel =
        MLmodel.builder()
            .flavor(Flavor.xgboost("model.ubj", "3.0.4"))
            .flavor(
                new Flavor(
                    "python_function",
                    Map.of("loader_module", "mlflow.xgboost", "nested", Map.of("a", List.of()))))
            .signature(
                ModelSignature.of(
                    TensorSchema.of(TensorSpec.unnamed(DataType.FP32, Shape.of(-1, 64))),
                    TensorSchema.of(TensorSpec.of("predictions", DataType.FP32, Shape.of(-1, 10)))))
            .runId("0123456789012345678901234567890e")
            .modelUuid("00000000000000000000000000000001")
            .artifactPath("model")
            .timeCreated(Instant.parse("2026-03-04T05:06:07.000089Z"))
            .metadata("note", "0123")
            .metadata("time", "2026-03-04")
            .metadata("yes", "no")
            .otherKey("model_size_bytes", 12345678901L)
            .build();
    Path file = folder.resolve(MLmodel.FILE_NAME);

    mlmodel.write(file);

    assertThat(MLmodel.read(file)).isEqualTo(mlmodel);
    assertThat(mlmodel.utcTimeCreated()).contains("2026-03-04 05:06:07.000089");
  }

  @Test
  void parse_ofWhatEarlyMlflowWrote_isRead() {
    MLmodel mlmodel =
        MLmodel.parse(
            """
            artifact_path: model
            flavors:
              python_function:
                loader_module: mlflow.sklearn
              sklearn:
            run_id: abc
            utc_time_created: '2020-01-01 00:00:00.000000'
            """);
    assertThat(mlmodel.flavors().get("sklearn").config()).isEmpty();
    assertThat(mlmodel.signature()).isEmpty();
    assertThat(mlmodel.artifactPath()).contains("model");
  }

  static List<String[]> malformed() {
    StringBuilder laughs = new StringBuilder("a0: &a0 [x]\n");
    for (int i = 1; i <= 8; i++) {
      String previous = "*a" + (i - 1);
      String list = String.join(",", Collections.nCopies(9, previous));
      laughs.append("a" + i + ": &a" + i + " [" + list + "]\n");
    }
    return List.of(
        new String[] {"", "must hold a map"},
        new String[] {"- a", "must hold a map"},
        new String[] {"flavors: [", "not acceptable YAML"},
        new String[] {"run_id: a", "flavors must name at least one"},
        new String[] {"flavors: {}", "flavors must name at least one"},
        new String[] {"flavors: [onnx]", "flavors must be a map"},
        new String[] {"flavors: {onnx: 7}", "flavors.onnx must be a map"},
        new String[] {"flavors: {1: {}}", "the key 1, which is not a string"},
        new String[] {"flavors: {onnx: {}}\nrun_id: 12", "run_id must be a string"},
        new String[] {
          "flavors: {onnx: {}}\nsignature: {inputs: [1]}", "signature.inputs must be a string"
        },
        new String[] {
          "flavors: {onnx: {}}\nsignature: {inputs: '['}", "signature.inputs is not JSON"
        },
        new String[] {"flavors: {onnx: {}}\nflavors: {onnx: {}}", "duplicate key"},
        new String[] {
          "flavors: {onnx: !!javax.script.ScriptEngineManager [x]}", "not acceptable YAML"
        },
        new String[] {
          "flavors: {onnx: !!python/object/apply:os.system [x]}", "not acceptable YAML"
        },
        new String[] {"flavors: {onnx: {a: !!set {x}}}", "unsupported type"},
        new String[] {"flavors: {onnx: &a {b: *a}}", "MLmodel"},
        new String[] {"flavors: {onnx: {}}\nmetadata: &a [*a]", "MLmodel"},
        new String[] {"flavors: {onnx: {}}\n" + laughs, "MLmodel has more than 1000000 values"},
        new String[] {
          "flavors: {onnx: {a: " + "[".repeat(5000) + "]".repeat(5000) + "}}", "not acceptable YAML"
        },
        new String[] {"flavors: {onnx: {}}\n---\nflavors: {onnx: {}}", "not acceptable YAML"});
  }

  @ParameterizedTest
  @MethodSource("malformed")
  void parse_ofMalformedOrHostileYaml_isRefusedWithAReason(String yaml, String reason) {
    assertThatThrownBy(() -> MLmodel.parse(yaml))
        .isInstanceOf(ModelPackageException.class)
        .hasMessageContaining(reason);
  }

  @Test
  void parse_ofTooMuchText_isRefused() {
    String yaml = "flavors: {onnx: {}}\nnote: " + "x".repeat(3 << 20);
    assertThatThrownBy(() -> MLmodel.parse(yaml))
        .isInstanceOf(ModelPackageException.class)
        .hasMessageContaining("too large");
  }

  @Test
  void parse_ofBytesThatAreNotUtf8_isRefused() {
    assertThatThrownBy(
            () -> MLmodel.parse("flavors: {é: {}}".getBytes(StandardCharsets.ISO_8859_1)))
        .isInstanceOf(ModelPackageException.class)
        .hasMessageContaining("UTF-8");
  }

  @Test
  void flavor_text_thatIsMissingOrNoText_namesTheKey() {
    Flavor flavor = new Flavor("onnx", Map.of("data", 7));
    assertThatThrownBy(() -> flavor.text("data"))
        .hasMessageContaining("flavors.onnx.data must be a string");
    assertThatThrownBy(() -> flavor.text("other"))
        .hasMessageContaining("flavors.onnx.other is missing");
  }
}
