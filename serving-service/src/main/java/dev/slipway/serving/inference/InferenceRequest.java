package dev.slipway.serving.inference;

import dev.slipway.engine.tensor.Tensor;
import dev.slipway.runtime.error.Violations;
import dev.slipway.serving.catalog.Selector;
import dev.slipway.serving.model.LoadedModel;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * One prediction to make.
 *
 * @param model registered model name
 * @param selector which version
 * @param inputs gives the tensors once the version is known
 * @param outputs names of the wanted outputs, in order; empty for all in the model's order
 * @param parameters values for the signature's parameters: Boolean, Long, Double, String, or lists
 *     of them
 * @param forceCompute whether to compute the answer whatever the prediction cache holds
 * @param rowFaults gathers faults of single rows, those of the inputs included; absent when any
 *     fault is the request's
 * @param routeKey whom it is from: requests with the same key take the same way through a canary;
 *     empty to decide by chance
 * @param deadlineNanos {@link System#nanoTime} after which nobody waits, or {@link
 *     dev.slipway.serving.execution.Execution#NO_DEADLINE}
 * @param callerGone tells whether the caller has given up; must be cheap
 */
public record InferenceRequest(
    String model,
    Selector selector,
    InputSource inputs,
    List<String> outputs,
    Map<String, Object> parameters,
    boolean forceCompute,
    Optional<RowFaults> rowFaults,
    String routeKey,
    long deadlineNanos,
    BooleanSupplier callerGone) {
  /** Copies the collections. */
  public InferenceRequest {
    outputs = List.copyOf(outputs);
    parameters = Map.copyOf(parameters);
  }

  /** Returns the same request for a version whose answer nobody waits for. */
  InferenceRequest copied(long newDeadlineNanos) {
    return new InferenceRequest(
        model,
        selector,
        inputs,
        outputs,
        parameters,
        forceCompute,
        Optional.empty(),
        routeKey,
        newDeadlineNanos,
        () -> false);
  }

  /** Reads the tensors of a message. May be asked several times, by one thread at a time. */
  public interface InputSource {
    /**
     * Returns the tensors as views of the message's bytes; what cannot be read is noted as
     * violation.
     *
     * @param model the version that will run
     */
    List<Tensor> read(LoadedModel model, Violations violations);

    /** Returns the path of the message's field that lists the inputs. */
    String field();

    /** Returns about how many bytes the message takes. */
    long sizeBytes();
  }
}
