package dev.slipway.serving.execution;

/**
 * A step of a pipeline, and which version it is.
 *
 * @param step name within the pipeline; that of a step of a pipeline within it is {@code
 *     outer/inner}
 * @param model registered model name
 * @param version version number
 */
public record StepName(String step, String model, long version) {
  /** Returns the same step as seen by a pipeline that runs this one's as a step. */
  StepName within(String outer) {
    return new StepName(outer + "/" + step, model, version);
  }
}
