package dev.slipway.engine.signature;

import dev.slipway.engine.tensor.Tensor;
import java.util.List;
import java.util.OptionalLong;

/**
 * The tensors of a request after they passed their checks.
 *
 * @param tensors in the order of the model; optional ones that the request left out are absent
 * @param rows the size of the batch axis, the same for every tensor; empty when the model has no
 *     batch axis
 */
public record CheckedInputs(List<Tensor> tensors, OptionalLong rows) {

  /** Copies the list. */
  public CheckedInputs {
    tensors = List.copyOf(tensors);
  }
}
