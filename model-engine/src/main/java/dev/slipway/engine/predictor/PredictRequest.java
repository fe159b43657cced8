package dev.slipway.engine.predictor;

import dev.slipway.engine.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The work of one call.
 *
 * @param inputs the tensors; a predictor finds them by name. Direct buffers are read in place, heap
 *     buffers copied
 * @param parameters what the caller asks beside them, by name: Boolean, Long, Double, String, or
 *     lists of them
 * @param outputs the names of the outputs wanted, in the order wanted, each once; empty for all in
 *     the model's order
 * @param deadlineNanos {@link System#nanoTime} after which nobody waits for the answer, or {@link
 *     #NO_DEADLINE}; engines that compute themselves need not look at it
 */
public record PredictRequest(
    List<Tensor> inputs, Map<String, Object> parameters, List<String> outputs, long deadlineNanos) {

  /** A deadline that never comes. */
  public static final long NO_DEADLINE = Long.MAX_VALUE;

  /** Copies the collections. */
  public PredictRequest {
    inputs = List.copyOf(inputs);
    parameters =
        parameters.isEmpty()
            ? Map.of()
            : Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
    outputs = List.copyOf(outputs);
  }

  /** Creates a request that somebody waits for however long it takes. */
  public PredictRequest(List<Tensor> inputs, Map<String, Object> parameters, List<String> outputs) {
    this(inputs, parameters, outputs, NO_DEADLINE);
  }

  /** Returns a request without parameters for all outputs. */
  public static PredictRequest of(List<Tensor> inputs) {
    return new PredictRequest(inputs, Map.of(), List.of());
  }

  /** Returns a request without parameters for all outputs. */
  public static PredictRequest of(Tensor... inputs) {
    return of(List.of(inputs));
  }
}
