package dev.slipway.engine.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.packaging.MLmodel;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PipelineDefinitionTest {
  private static final String DIGEST = "a".repeat(64);

  private static final String FILE =
      """
      flavors:
        slipway_pipeline:
          steps:
          - name: score
            model: models:/fraud scorer/7
            inputs:
              embedding: embed.dense_1.out
              amount: inputs.amount
          - name: embed
            model: models:/encoder/3
            digest: %s
          outputs:
            score: score.predictions
      """
          .formatted(DIGEST);

  private static PipelineDefinition read(String yaml) {
    return PipelineDefinition.find(MLmodel.parse(yaml)).orElseThrow();
  }

  private static String steps(String... steps) {
    return "flavors:\n  slipway_pipeline:\n    outputs: {y: a.y}\n    steps:\n    - "
        + String.join("\n    - ", steps)
        + "\n";
  }

  @Test
  void mlmodelFile_isReadAndWritten() {
    PipelineDefinition pipeline = read(FILE);

    assertThat(pipeline.steps())
        .containsExactly(
            PipelineStep.of(
                "score",
                "fraud scorer",
                7,
                Map.of(
                    "embedding", TensorSource.output("embed", "dense_1.out"),
                    "amount", TensorSource.input("amount"))),
            new PipelineStep("embed", "encoder", 3, Optional.of(DIGEST), Optional.empty()));
    assertThat(pipeline.outputs())
        .containsExactly(Map.entry("score", TensorSource.output("score", "predictions")));
    assertThat(pipeline.inputs()).containsExactly("amount");
    String written = MLmodel.builder().flavor(pipeline.toFlavor()).build().toYaml();
    assertThat(read(written)).isEqualTo(pipeline);
  }

  @Test
  void steps_areOrderedBehindThoseThatFeedThem() {
    assertThat(read(FILE).inOrder())
        .extracting(PipelineStep::name)
        .containsExactly("embed", "score");
  }

  @Test
  void packageWithAModelOfItsOwn_isNoPipeline() {
    assertThat(PipelineDefinition.find(MLmodel.parse("flavors: {onnx: {data: model.onnx}}")))
        .isEmpty();
  }

  @Test
  void circle_namesItsSteps_andNotThoseBehindIt() {
    assertThatThrownBy(
            () ->
                read(
                    steps(
                        "{name: a, model: 'models:/m/1', inputs: {x: c.y}}",
                        "{name: b, model: 'models:/m/1', inputs: {x: c.y, z: inputs.z}}",
                        "{name: c, model: 'models:/m/1', inputs: {x: b.y}}")))
        .isInstanceOf(ModelPackageException.class)
        .hasMessage("the pipeline does not fit together: steps feed each other in a circle: b, c");
    assertThatThrownBy(() -> read(steps("{name: a, model: 'models:/m/1', inputs: {x: a.y}}")))
        .hasMessageEndingWith("steps feed each other in a circle: a");
  }

  @Test
  void everythingWrongInTheGraph_isTold() {
    assertThatThrownBy(
            () ->
                read(
                    steps(
                        "{name: a, model: 'models:/m/1', inputs: {x: nowhere.y}}",
                        "{name: a, model: 'models:/m/2'}",
                        "{name: idle, model: 'models:/m/3'}")))
        .isInstanceOf(ModelPackageException.class)
        .hasMessageContaining("steps[1].name is \"a\", the name of steps[0] already")
        .hasMessageContaining(
            "steps[0].inputs.x comes from the step \"nowhere\", which does not exist")
        .hasMessageContaining("steps[2] feeds no other step and no output");
    assertThatThrownBy(
            () ->
                new PipelineDefinition(
                    List.of(PipelineStep.of("a", "m", 1)), Map.of("y", TensorSource.input("x"))))
        .hasMessageContaining("outputs.y is an input; must be given by a step");
  }

  @Test
  void everythingWrongInTheFile_isTold() {
    assertThatThrownBy(
            () ->
                read(
                    steps(
                        "{name: a, model: 'models:/m/Production'}",
                        "{name: b, model: 'models:/m@best', typo: 1}",
                        "{name: a.b, model: 'models:/m/1'}",
                        "{name: inputs, model: 'models:/m/1'}",
                        "{name: e, model: 'models:/m/0'}",
                        "{name: f, model: 'models:/m/1', digest: abc}",
                        "{name: g, model: 'models:/m/1', inputs: {x: y, z: 3}}",
                        "just text")))
        .isInstanceOf(ModelPackageException.class)
        .hasMessageContaining(
            "steps[0].model is \"models:/m/Production\"; must be models:/NAME/NUMBER")
        .hasMessageContaining("steps[1].model is \"models:/m@best\"")
        .hasMessageContaining("steps[1].typo is not known")
        .hasMessageContaining("steps[2] has the name \"a.b\"")
        .hasMessageContaining("steps[3] has the name \"inputs\"")
        .hasMessageContaining("steps[4] names no version of a model")
        .hasMessageContaining("steps[5] has a digest that is not 64")
        .hasMessageContaining("steps[6].inputs.x is \"y\"; must be inputs.TENSOR or STEP.TENSOR")
        .hasMessageContaining("steps[6].inputs.z must be text")
        .hasMessageContaining("steps[7] must be a map");
    assertThatThrownBy(() -> read("flavors: {slipway_pipeline: {steps: 3}}"))
        .hasMessageContaining("steps must be a list")
        .hasMessageContaining("outputs must be a map");
  }

  @Test
  void stepsBeyondTheBound_areRefused() {
    List<PipelineStep> steps =
        IntStream.range(0, PipelineDefinition.MAX_STEPS + 1)
            .mapToObj(i -> PipelineStep.of("s" + i, "m", 1))
            .toList();
    assertThatThrownBy(
            () -> new PipelineDefinition(steps, Map.of("y", TensorSource.output("s0", "y"))))
        .hasMessageContaining("steps has 65 steps; must have 1 to 64");
  }
}
