package dev.slipway.engine.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.engine.error.PipelineException;
import dev.slipway.engine.error.PipelineProblem;
import dev.slipway.engine.packaging.MLmodel;
import dev.slipway.engine.signature.ColumnSchema;
import dev.slipway.engine.signature.ColumnSpec;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.signature.ParamSpec;
import dev.slipway.engine.signature.ScalarType;
import dev.slipway.engine.signature.Schema;
import dev.slipway.engine.signature.TensorSchema;
import dev.slipway.engine.signature.TensorSpec;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What is wrong with a pipeline by what its steps' packages declare. */
class PipelineJoinTest {
  private static final String CHAIN =
      """
      flavors:
        slipway_pipeline:
          steps:
          - {name: embed, model: models:/encoder/3, inputs: {text: inputs.text}}
          - {name: scale, model: models:/scaler/1, inputs: {in: embed.vector}}
          - {name: score, model: models:/scorer/7, inputs: {embedding: scale.out, amount: inputs.amount}}
          outputs: {risk: score.risk, vector: embed.vector}
      """;

  private static final TensorSpec TEXT = TensorSpec.of("text", DataType.BYTES, Shape.of(-1));
  private static final TensorSpec VECTOR = TensorSpec.of("vector", DataType.FP32, Shape.of(-1, 8));
  private static final TensorSpec RISK = TensorSpec.of("risk", DataType.FP64, Shape.of(-1));

  private static final ModelSignature OWN =
      ModelSignature.of(
          TensorSchema.of(TEXT, TensorSpec.of("amount", DataType.FP64, Shape.of(-1))),
          TensorSchema.of(RISK, VECTOR));

  private static Map<String, ModelSignature> fitting() {
    Map<String, ModelSignature> steps = new HashMap<>();
    steps.put("embed", ModelSignature.of(TensorSchema.of(TEXT), TensorSchema.of(VECTOR)));
    steps.put("scale", matrices("in", "out", 8));
    steps.put(
        "score",
        ModelSignature.of(
            TensorSchema.of(
                TensorSpec.of("embedding", DataType.FP32, Shape.of(-1, 8)),
                TensorSpec.of("amount", DataType.FP64, Shape.of(-1))),
            TensorSchema.of(RISK)));
    return steps;
  }

  private static ModelSignature matrices(String input, String output, long width) {
    return ModelSignature.of(
        TensorSchema.of(TensorSpec.of(input, DataType.FP32, Shape.of(-1, width))),
        TensorSchema.of(TensorSpec.of(output, DataType.FP32, Shape.of(-1, width))));
  }

  private static List<String> problems(
      String pipeline, Map<String, ModelSignature> steps, Optional<ModelSignature> own) {
    Map<String, StepDeclaration> declared = new HashMap<>();
    steps.forEach(
        (step, signature) ->
            declared.put(step, StepDeclaration.of(step + "/1", Optional.of(signature), 0, 0)));
    return problemsOf(pipeline, declared, own);
  }

  private static List<String> problemsOf(
      String pipeline, Map<String, StepDeclaration> declared, Optional<ModelSignature> own) {
    try {
      PipelineJoin.check(
          PipelineDefinition.find(MLmodel.parse(pipeline)).orElseThrow(), declared, own);
      return List.of();
    } catch (PipelineException e) {
      return e.problems().stream().map(PipelineProblem::toString).toList();
    }
  }

  @Test
  void whatFits_fitsHoweverMuchOfItIsDeclared() {
    List<String> names = List.of("embed", "scale", "score");
    // Of each step: both sides, one of them, none, or the whole step is not known.
    for (int combination = 0; combination < 125; combination++) {
      Map<String, StepDeclaration> declared = new HashMap<>();
      int rest = combination;
      for (String name : names) {
        ModelSignature all = fitting().get(name);
        int known = rest % 5;
        rest /= 5;
        Optional<Schema> inputs = known % 2 == 0 ? all.inputs() : Optional.empty();
        Optional<Schema> outputs = known < 2 ? all.outputs() : Optional.empty();
        if (known < 4) {
          Optional<ModelSignature> signature =
              inputs.isEmpty() && outputs.isEmpty()
                  ? Optional.empty()
                  : Optional.of(new ModelSignature(inputs, outputs, List.of()));
          declared.put(name, StepDeclaration.of(name + "/1", signature, 0, 0));
        }
      }

      assertThat(problemsOf(CHAIN, declared, Optional.of(OWN))).as(declared.toString()).isEmpty();
      assertThat(problemsOf(CHAIN, declared, Optional.empty())).as(declared.toString()).isEmpty();
    }
  }

  @Test
  void namesTypesAndShapes_mustJoin() {
    Map<String, ModelSignature> steps = fitting();
    steps.put(
        "scale",
        ModelSignature.of(
            TensorSchema.of(TensorSpec.of("in", DataType.FP64, Shape.of(-1, 4))),
            TensorSchema.of(TensorSpec.of("scaled", DataType.FP32, Shape.of(-1, 8)))));

    assertThat(problems(CHAIN, steps, Optional.of(OWN)))
        .containsExactly(
            "steps[1].inputs.in does not fit scale/1: \"in\" is FP32, expected FP64",
            "steps[1].inputs.in does not fit scale/1: \"in\" has 8 at dimension 1 of [-1, 8],"
                + " expected 4: [-1, 4]",
            "steps[2].inputs.embedding comes from scale.out; scale/1 gives [scaled]");
  }

  @Test
  void inputsOfAStep_mustBeItsOwnAndComplete_evenWhenNothingIsKnownOfWhatFeedsIt() {
    Map<String, ModelSignature> steps = fitting();
    steps.remove("scale");
    steps.put(
        "score",
        ModelSignature.of(
            TensorSchema.of(
                TensorSpec.of("vector", DataType.FP32, Shape.of(-1, 8)),
                TensorSpec.of("amount", DataType.FP32, Shape.of(-1))),
            TensorSchema.of(RISK)));

    assertThat(problems(CHAIN, steps, Optional.of(OWN)))
        .containsExactly(
            "steps[2].inputs.embedding does not fit score/1: unknown input \"embedding\"; the model"
                + " takes [vector, amount]",
            "steps[2].inputs.amount does not fit score/1: \"amount\" is FP64, expected FP32",
            "steps[2].inputs does not fit score/1: missing input \"vector\": FP32 [-1, 8]");
  }

  @Test
  void columns_takeMatricesOfUnknownNames() {
    Map<String, ModelSignature> steps = fitting();
    steps.remove("embed");
    steps.put(
        "scale",
        ModelSignature.of(
            ColumnSchema.of(
                ColumnSpec.of("a", ScalarType.DOUBLE), ColumnSpec.of("b", ScalarType.DOUBLE)),
            TensorSchema.of(TensorSpec.of("out", DataType.FP32, Shape.of(-1, 8)))));

    assertThat(problems(CHAIN, steps, Optional.of(OWN))).isEmpty();
    steps.put("embed", fitting().get("embed"));
    assertThat(problems(CHAIN, steps, Optional.of(OWN)))
        .singleElement()
        .asString()
        .startsWith("steps[1].inputs.in does not fit scale/1: \"in\" has the shape [-1, 8]");
  }

  @Test
  void ownSignature_isHeldAgainstTheSteps() {
    ModelSignature own =
        new ModelSignature(
            Optional.of(
                TensorSchema.of(
                    TEXT,
                    TensorSpec.of("amount", DataType.FP64, Shape.of(-1)),
                    TensorSpec.of("spare", DataType.FP64, Shape.of(-1)))),
            Optional.of(
                TensorSchema.of(
                    TensorSpec.of("risk", DataType.FP32, Shape.of(-1)),
                    TensorSpec.of("other", DataType.FP32, Shape.of(-1)))),
            List.of(ParamSpec.of("depth", ScalarType.LONG, 3L)));

    assertThat(problems(CHAIN, fitting(), Optional.of(own)))
        .containsExactly(
            "signature.inputs.spare is declared, but no step takes it",
            "signature.params.depth is declared, but by no step",
            "signature.outputs.risk is not what the steps give: \"risk\" is FP64, expected FP32",
            "signature.outputs.other is declared, but the pipeline gives [risk, vector]",
            "outputs.vector is not declared by the signature");
    Map<String, ModelSignature> unknown = fitting();
    unknown.remove("score");
    assertThat(problems(CHAIN, unknown, Optional.of(own)))
        .as("a step of which nothing is known may have the parameter, and give FP32")
        .containsExactly(
            "signature.inputs.spare is declared, but no step takes it",
            "signature.outputs.other is declared, but the pipeline gives [risk, vector]",
            "outputs.vector is not declared by the signature");
  }

  @Test
  void size_countsWhatLiesWithin() {
    StepDeclaration large = StepDeclaration.of("large/1", Optional.empty(), 8, 127);

    assertThat(problemsOf(CHAIN, Map.of("embed", large, "scale", large), Optional.of(OWN)))
        .containsExactly(
            "steps lie 9 pipelines deep; at most 8 may",
            "steps are 256 with those of pipelines within; at most 128 may be");
  }
}
