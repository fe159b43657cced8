package dev.slipway.cli.graph;

import dev.slipway.engine.pipeline.PipelineDefinition;
import dev.slipway.engine.pipeline.PipelineStep;
import dev.slipway.engine.pipeline.TensorSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A version and, if it is a pipeline, the versions that it runs.
 *
 * @param name the version as {@code model/number}
 * @param about its flavors, or why nothing is known of it
 * @param pipeline what its package says; empty for a model
 * @param steps the versions behind its steps, in the pipeline's order
 */
public record ModelGraph(
    String name, String about, Optional<PipelineDefinition> pipeline, List<ModelGraph> steps) {

  /** Copies the list. */
  public ModelGraph {
    steps = List.copyOf(steps);
  }

  /** Returns how many pipelines lie in each other, this one included; 0 for a model. */
  public int depth() {
    return steps.stream().mapToInt(step -> step.depth() + 1).max().orElse(0);
  }

  /** Returns how many steps there are, those of pipelines within included. */
  public int allSteps() {
    return steps.stream().mapToInt(step -> step.allSteps() + 1).sum();
  }

  /** Receives the parts of a pipeline. */
  interface Visitor {
    /** Takes a step, each behind those that feed it. */
    void step(PipelineStep step, ModelGraph version);

    /** Takes what feeds one input of a step. */
    void input(PipelineStep step, String input, TensorSource source);

    /** Takes an output of the pipeline. */
    void output(String name, TensorSource source);
  }

  /** Shows the parts of the pipeline, one level deep. */
  void visit(Visitor visitor) {
    pipeline.ifPresent(
        definition -> {
          for (PipelineStep step : definition.inOrder()) {
            visitor.step(step, steps.get(definition.steps().indexOf(step)));
            step.inputs()
                .orElseGet(() -> Map.of("*", TensorSource.input("*")))
                .forEach((input, source) -> visitor.input(step, input, source));
          }
          definition.outputs().forEach(visitor::output);
        });
  }
}
