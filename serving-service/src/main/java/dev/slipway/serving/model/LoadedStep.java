package dev.slipway.serving.model;

/**
 * A step of a pipeline in memory.
 *
 * @param name its name within the pipeline
 * @param hold keeps the version behind it
 */
public record LoadedStep(String name, StepHold hold) {
  /** Returns the version behind it. */
  public LoadedModel model() {
    return hold.model();
  }
}
