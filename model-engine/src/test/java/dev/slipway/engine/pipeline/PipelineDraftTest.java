package dev.slipway.engine.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.engine.error.PipelineException;
import dev.slipway.engine.error.PipelineProblem;
import dev.slipway.engine.packaging.MLmodel;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.signature.ColumnSchema;
import dev.slipway.engine.signature.ColumnSpec;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.signature.ParamSpec;
import dev.slipway.engine.signature.ScalarType;
import dev.slipway.engine.signature.Schema;
import dev.slipway.engine.signature.SignatureChecks;
import dev.slipway.engine.signature.TensorSchema;
import dev.slipway.engine.signature.TensorSpec;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.TensorMetadata;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PipelineDraftTest {
  private static final Shape ROWS = Shape.of(-1);

  @TempDir private Path folder;

  private static TensorMetadata tensor(String name, DataType datatype, long... shape) {
    return new TensorMetadata(name, datatype, Shape.of(shape));
  }

  private static StepVersion version(
      String name, Schema inputs, List<ParamSpec> params, TensorMetadata... outputs) {
    return new StepVersion(
        name,
        SignatureChecks.ofSchema(inputs, "input"),
        List.of(outputs),
        Optional.of(new ModelSignature(Optional.of(inputs), Optional.empty(), params)),
        0,
        0);
  }

  private static StepVersion tensors(
      String name, List<TensorMetadata> inputs, TensorMetadata... outputs) {
    return new StepVersion(
        name, SignatureChecks.ofTensors(inputs), List.of(outputs), Optional.empty(), 0, 0);
  }

  private static ColumnSchema columns(Object... namesAndTypes) {
    List<ColumnSpec> columns = new java.util.ArrayList<>();
    for (int i = 0; i < namesAndTypes.length; i += 2) {
      String name = (String) namesAndTypes[i];
      boolean optional = name.endsWith("?");
      columns.add(
          new ColumnSpec(
              Optional.of(name.replace("?", "")), (ScalarType) namesAndTypes[i + 1], !optional));
    }
    return new ColumnSchema(columns);
  }

  private static PipelineStep step(String name) {
    return PipelineStep.of(name, "m", 1);
  }

  @Test
  void outputsFeedInputsOfTheSameName_andTheRestIsThePipelines() {
    Map<String, StepVersion> versions =
        Map.of(
            "embed",
            tensors(
                "encoder/3",
                List.of(tensor("text", DataType.BYTES, -1)),
                tensor("vector", DataType.FP32, -1, 8)),
            "score",
            tensors(
                "scorer/7",
                List.of(
                    tensor("vector", DataType.FP32, -1, 8), tensor("amount", DataType.FP64, -1)),
                tensor("score", DataType.FP32, -1)));
    List<PipelineStep> steps =
        List.of(
            new PipelineStep("embed", "encoder", 3, Optional.of("a".repeat(64)), Optional.empty()),
            PipelineStep.of("score", "scorer", 7));

    PipelineDraft draft = PipelineDraft.of(steps, versions, Map.of());

    assertThat(draft.definition().steps())
        .extracting(step -> step.inputs().orElseThrow())
        .containsExactly(
            Map.of("text", TensorSource.input("text")),
            Map.of(
                "vector", TensorSource.output("embed", "vector"),
                "amount", TensorSource.input("amount")));
    assertThat(draft.definition().outputs())
        .containsExactly(Map.entry("score", TensorSource.output("score", "score")));
    assertThat(draft.signature())
        .isEqualTo(
            ModelSignature.of(
                TensorSchema.of(
                    TensorSpec.of("text", DataType.BYTES, ROWS),
                    TensorSpec.of("amount", DataType.FP64, ROWS)),
                TensorSchema.of(TensorSpec.of("score", DataType.FP32, ROWS))));
    // What is written is what is read, and joins.
    ModelPackage written =
        ModelPackage.builder(draft.toMlmodel(false)).writeTo(folder.resolve("pipeline"));
    MLmodel read = ModelPackage.read(written.root()).mlmodel();
    assertThat(PipelineDefinition.find(read)).contains(draft.definition());
    assertThat(read.signature()).contains(draft.signature());
    assertThat(PipelineJoin.of(draft.definition(), versions, read.signature()).outputs())
        .containsExactly(tensor("score", DataType.FP32, -1));
    assertThat(draft.toMlmodel(false).toYaml())
        .isEqualTo(PipelineDraft.of(steps, versions, Map.of()).toMlmodel(false).toYaml());
  }

  @Test
  void columnsStayColumns_requiredWhereOneStepNeedsThem() {
    Map<String, StepVersion> versions =
        Map.of(
            "a",
            version(
                "a/1",
                columns("age", ScalarType.LONG, "city?", ScalarType.STRING),
                List.of(),
                tensor("risk", DataType.FP64, -1)),
            "b",
            version(
                "b/1",
                columns("risk", ScalarType.DOUBLE, "age?", ScalarType.LONG),
                List.of(),
                tensor("y", DataType.FP64, -1)));

    PipelineDraft draft = PipelineDraft.of(List.of(step("a"), step("b")), versions, Map.of());

    assertThat(draft.signature().inputs())
        .contains(columns("age", ScalarType.LONG, "city?", ScalarType.STRING));
  }

  @Test
  void columnsBesideTensors_becomeTensors_andOptionalOnesStayAway() {
    Map<String, StepVersion> versions =
        Map.of(
            "a",
            version(
                "a/1",
                columns("age", ScalarType.LONG, "city?", ScalarType.STRING),
                List.of(),
                tensor("u", DataType.FP64, -1)),
            "b",
            tensors(
                "b/1",
                List.of(tensor("image", DataType.UINT8, -1, 28, -1)),
                tensor("v", DataType.FP64, -1)),
            "c",
            tensors(
                "c/1",
                List.of(tensor("image", DataType.UINT8, -1, -1, 28)),
                tensor("w", DataType.FP64, -1)));

    PipelineDraft draft =
        PipelineDraft.of(List.of(step("a"), step("b"), step("c")), versions, Map.of());

    assertThat(draft.signature().inputs())
        .contains(
            TensorSchema.of(
                TensorSpec.of("age", DataType.INT64, ROWS),
                TensorSpec.of("image", DataType.UINT8, Shape.of(-1, 28, 28))));
    assertThat(draft.definition().outputs()).containsOnlyKeys("u", "v", "w");
  }

  @Test
  void whatTheAuthorSays_winsOverNames_alsoAMatrixForAllColumns() {
    Map<String, StepVersion> versions =
        Map.of(
            "a",
            tensors(
                "a/1",
                List.of(tensor("x", DataType.FP32, -1)),
                tensor("x", DataType.FP32, -1),
                tensor("features", DataType.FP64, -1, 2)),
            "b",
            version(
                "b/1",
                columns("x", ScalarType.DOUBLE, "z", ScalarType.DOUBLE),
                List.of(),
                tensor("y", DataType.FP64, -1)));
    PipelineStep matrix =
        PipelineStep.of("b", "m", 1, Map.of("all", TensorSource.output("a", "features")));

    PipelineDraft draft =
        PipelineDraft.of(
            List.of(step("a"), matrix), versions, Map.of("score", TensorSource.output("b", "y")));

    assertThat(draft.definition().steps().get(1)).isEqualTo(matrix);
    assertThat(draft.definition().outputs()).containsOnlyKeys("score");
  }

  @Test
  void whatHasSeveralMeanings_isToldAllAtOnce() {
    StepVersion same =
        tensors(
            "same/1",
            List.of(tensor("x", DataType.FP32, -1)),
            tensor("x", DataType.FP32, -1),
            tensor("y", DataType.FP32, -1));
    Map<String, StepVersion> versions =
        Map.of(
            "a", same,
            "b", same,
            "c", same,
            "d",
                tensors("d/1", List.of(tensor("k", DataType.FP64, -1)), tensor("y", DataType.FP32)),
            "e",
                tensors(
                    "e/1", List.of(tensor("k", DataType.INT64, -1)), tensor("z", DataType.FP32)));
    PipelineStep odd = PipelineStep.of("e", "m", 1, Map.of("k", TensorSource.input("k")));

    assertThatThrownBy(
            () ->
                PipelineDraft.of(
                    List.of(step("a"), step("b"), step("c"), step("d"), odd), versions, Map.of()))
        .isInstanceOfSatisfying(
            PipelineException.class,
            e ->
                assertThat(e.problems())
                    .extracting(PipelineProblem::toString)
                    .containsExactly(
                        "steps[2].inputs.x could come from any of [a.x, b.x]; say from which",
                        "inputs.k is FP64 for steps[3] and INT64 for steps[4]",
                        "outputs.y could come from c.y and d.y; name the outputs"));
  }

  @Test
  void misfitsAndUnknownTensors_areTold() {
    Map<String, StepVersion> versions =
        Map.of(
            "a",
                tensors(
                    "a/1",
                    List.of(tensor("x", DataType.FP32, -1)),
                    tensor("v", DataType.FP32, -1, 3)),
            "b",
                tensors(
                    "b/1",
                    List.of(tensor("v", DataType.FP32, -1, 4), tensor("w", DataType.FP32, -1)),
                    tensor("y", DataType.FP32, -1)));

    assertThatThrownBy(() -> PipelineDraft.of(List.of(step("a"), step("b")), versions, Map.of()))
        .hasMessageContaining("steps[1].inputs.v does not fit b/1: ");
    PipelineStep unknown = PipelineStep.of("b", "m", 1, Map.of("q", TensorSource.input("q")));
    assertThatThrownBy(() -> PipelineDraft.of(List.of(step("a"), unknown), versions, Map.of()))
        .hasMessageContaining("steps[1].inputs.q is no input of b/1, which takes [v, w]");
    assertThatThrownBy(() -> PipelineDraft.of(List.of(), Map.of(), Map.of()))
        .hasMessageContaining("steps has 0 steps")
        .hasMessageContaining("outputs names no output");
  }

  @Test
  void paramsThatStepsDeclareAlike_areThePipelines() {
    ParamSpec shared = ParamSpec.of("top_k", ScalarType.LONG, 5);
    Map<String, StepVersion> versions =
        Map.of(
            "a",
                version(
                    "a/1",
                    columns("x", ScalarType.DOUBLE),
                    List.of(shared, ParamSpec.of("heat", ScalarType.DOUBLE, 1.0)),
                    tensor("u", DataType.FP64, -1)),
            "b",
                version(
                    "b/1",
                    columns("u", ScalarType.DOUBLE),
                    List.of(ParamSpec.of("heat", ScalarType.DOUBLE, 2.0), shared),
                    tensor("y", DataType.FP64, -1)));

    PipelineDraft draft = PipelineDraft.of(List.of(step("a"), step("b")), versions, Map.of());

    assertThat(draft.signature().params()).containsExactly(shared);
    assertThat(draft.unsharedParams()).containsExactly("heat");
  }

  @Test
  void sideWithAnUnknownShape_isNotDeclared() {
    Map<String, StepVersion> versions = new LinkedHashMap<>();
    versions.put(
        "a", tensors("a/1", List.of(tensor("x", DataType.FP32)), tensor("y", DataType.FP32, -1)));

    PipelineDraft draft = PipelineDraft.of(List.of(step("a")), versions, Map.of());

    assertThat(draft.signature().inputs()).isEmpty();
    assertThat(draft.signature().outputs())
        .contains(TensorSchema.of(TensorSpec.of("y", DataType.FP32, ROWS)));
  }
}
