package dev.slipway.serving.inference;

import dev.slipway.engine.tensor.Tensor;
import java.util.List;

/** Has inputs answered for one request, from the cache or by the engine. */
interface Computation {
  /**
   * Answers inputs.
   *
   * @param inputs checked inputs, in the model's order
   * @param receiver is told the outcome, exactly once, unless this throws
   */
  void compute(List<Tensor> inputs, CachedPredictions.Receiver receiver);
}
