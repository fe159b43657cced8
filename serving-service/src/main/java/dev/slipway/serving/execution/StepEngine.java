package dev.slipway.serving.execution;

import dev.slipway.engine.tensor.Tensor;
import dev.slipway.serving.execution.Execution.Answer;
import dev.slipway.serving.execution.Execution.Conditions;
import java.util.List;
import java.util.Map;

/** Has the version behind a step of a pipeline answer. Thread-safe. */
public interface StepEngine {
  /**
   * Answers one request of the pipeline.
   *
   * @param inputs tensors under the names of the version's inputs, not checked yet
   * @param outputs names of the wanted outputs
   * @param parameters those of the pipeline's request
   * @param receiver is told the outcome, exactly once, unless this throws
   */
  void compute(
      List<Tensor> inputs,
      List<String> outputs,
      Map<String, Object> parameters,
      Conditions conditions,
      Receiver receiver);

  /** Receives the outcome of a step, on any thread. */
  interface Receiver {
    /**
     * Takes the answer.
     *
     * @param cacheNanos asking the prediction cache
     * @param cacheHit whether nothing was computed
     */
    void answered(Answer answer, long cacheNanos, boolean cacheHit);

    /** Takes the failure. */
    void failed(RuntimeException failure);
  }
}
