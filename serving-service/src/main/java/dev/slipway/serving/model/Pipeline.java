package dev.slipway.serving.model;

import dev.slipway.engine.pipeline.PipelineDefinition;
import java.util.List;

/**
 * A pipeline whose steps are loaded.
 *
 * @param definition what the package says
 * @param steps in the order of the definition
 */
record Pipeline(PipelineDefinition definition, List<LoadedStep> steps) implements AutoCloseable {
  /** Copies the list. */
  Pipeline {
    steps = List.copyOf(steps);
  }

  /** Lets go of the steps; again does nothing. */
  @Override
  public void close() {
    steps.forEach(step -> step.hold().close());
  }
}
