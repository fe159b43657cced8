package dev.slipway.serving.inference;

import dev.slipway.engine.tensor.Tensor;
import dev.slipway.serving.execution.Execution.Timings;
import dev.slipway.serving.model.LoadedModel;
import dev.slipway.serving.model.StageRouter.Target;
import java.util.List;

/**
 * One prediction made.
 *
 * @param outputs in the order asked for, or the model's; their bytes never change
 * @param target the version that answered, and what was asked for
 * @param model that version in memory
 * @param batchRows rows in the engine call, those of other requests included
 * @param cacheHit whether nothing was computed for it
 * @param timings where the time went
 * @param loadNanos waiting for the version to be loaded
 * @param cacheNanos asking the prediction cache
 * @param rowFaults rows that were not predicted, ascending; their outputs are zeros and empty texts
 */
public record InferenceResult(
    List<Tensor> outputs,
    Target target,
    LoadedModel model,
    long batchRows,
    boolean cacheHit,
    Timings timings,
    long loadNanos,
    long cacheNanos,
    List<RowFault> rowFaults) {
  /** Returns the rows of the answer; 1 for a version without a batch dimension. */
  public long rows() {
    boolean byRow = model.batched() && !outputs.isEmpty() && outputs.get(0).shape().rank() > 0;
    return byRow ? outputs.get(0).shape().dimension(0) : 1;
  }
}
