package dev.slipway.engine.pipeline;

import java.util.Objects;
import java.util.Optional;

/**
 * Where a tensor of a pipeline comes from.
 *
 * @param step the step that gives it; empty for an input of the pipeline
 * @param tensor its name there; may hold dots
 */
public record TensorSource(Optional<String> step, String tensor) {
  /** What stands in the place of a step for the inputs of the pipeline. */
  public static final String INPUTS = "inputs";

  /**
   * Checks that both parts are there.
   *
   * @throws IllegalArgumentException if the tensor has no name
   */
  public TensorSource {
    Objects.requireNonNull(step, "step");
    if (tensor.isEmpty()) {
      throw new IllegalArgumentException("names no tensor");
    }
  }

  /** Returns an input of the pipeline. */
  public static TensorSource input(String tensor) {
    return new TensorSource(Optional.empty(), tensor);
  }

  /** Returns an output of a step. */
  public static TensorSource output(String step, String tensor) {
    return new TensorSource(Optional.of(step), tensor);
  }

  /**
   * Reads {@code inputs.x} or {@code step.y}.
   *
   * @throws IllegalArgumentException if it is neither
   */
  public static TensorSource parse(String text) {
    int dot = text.indexOf('.');
    if (dot < 1 || dot == text.length() - 1) {
      throw new IllegalArgumentException(
          "is \"" + text + "\"; must be inputs.TENSOR or STEP.TENSOR");
    }
    String from = text.substring(0, dot);
    String tensor = text.substring(dot + 1);
    return from.equals(INPUTS) ? input(tensor) : output(from, tensor);
  }

  /** Returns the form that {@link #parse} reads. */
  @Override
  public String toString() {
    return step.orElse(INPUTS) + "." + tensor;
  }
}
