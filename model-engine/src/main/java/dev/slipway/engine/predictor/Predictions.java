package dev.slipway.engine.predictor;

import dev.slipway.engine.tensor.Tensor;
import java.util.List;

/**
 * The answer to one call.
 *
 * @param outputs in the order asked for, or the model's. Their bytes are fresh heap memory that
 *     belongs to the caller and outlives the predictor
 */
public record Predictions(List<Tensor> outputs) {

  /** Copies the list. */
  public Predictions {
    outputs = List.copyOf(outputs);
  }

  /**
   * Returns one output.
   *
   * @throws IllegalArgumentException if there is none of that name
   */
  public Tensor output(String name) {
    return outputs.stream()
        .filter(tensor -> tensor.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no output " + name + " among " + outputs));
  }
}
