package dev.slipway.serving.inference;

import dev.slipway.engine.tensor.Tensor;
import dev.slipway.serving.execution.Execution;
import dev.slipway.serving.execution.QueueFullException;
import java.util.List;

/** Has one request's version compute an answer to some inputs. */
interface EngineCall {
  /**
   * Puts inputs into the version's queue.
   *
   * @param inputs checked inputs, in the model's order
   * @param receiver is told the outcome, exactly once, unless this throws
   * @throws QueueFullException if there is no room or no time
   */
  void compute(List<Tensor> inputs, Execution.Receiver receiver);
}
