package dev.slipway.engine.predictor;

import dev.slipway.engine.error.EngineUnavailableException;
import dev.slipway.engine.error.InvalidInputException;
import dev.slipway.engine.error.PredictionException;
import dev.slipway.engine.signature.SignatureChecks;
import dev.slipway.engine.tensor.TensorMetadata;
import java.util.List;

/**
 * A loaded model that answers requests.
 *
 * <p><b>Threads.</b> Any number of threads may predict at once; an engine uses the calling thread
 * and no other. {@link #close} may be called once every call has returned and before no other
 * begins: engines free native memory in it, so whoever shares a predictor counts its users. A
 * second close does nothing; a predict after close throws {@link IllegalStateException}.
 */
public interface Predictor extends AutoCloseable {

  /**
   * Returns engine and format in the protocol's convention, {@code <project>_<format>}: {@code
   * onnxruntime_onnx}.
   */
  String platform();

  /**
   * Returns what requests must look like: by the package's signature where it declares inputs, else
   * as the engine sees the model. Checking against it before requests are joined into a batch keeps
   * one caller's mistake from failing the others.
   */
  SignatureChecks inputChecks();

  /** Returns the inputs as {@link #inputChecks} names them. */
  default List<TensorMetadata> inputs() {
    return inputChecks().tensors();
  }

  /**
   * Returns every output in the model's order, the batch axis included as -1. Whoever hands answers
   * on holds them against it with {@link OutputChecks}; the shape of a scalar stands for an unknown
   * one.
   */
  List<TensorMetadata> outputs();

  /**
   * Tells whether requests may be joined along the first dimension of every input, and the answer
   * split along the first dimension of every output: all of those dimensions are open.
   */
  default boolean batched() {
    return inputChecks().batched()
        && outputs().stream()
            .map(TensorMetadata::shape)
            .allMatch(shape -> shape.rank() > 0 && shape.dimension(0) < 0);
  }

  /**
   * Tells whether a call waits for something else than the processor, such as another process: it
   * is then never run on a thread that many callers share, nor with inputs that nobody sent.
   */
  default boolean waits() {
    return false;
  }

  /**
   * Returns how many calls it computes at once, from 1; further ones wait inside {@link #predict}.
   */
  default int parallelCalls() {
    return Integer.MAX_VALUE;
  }

  /**
   * Returns the resident memory of the processes that run beside this one for it, bytes; 0 if there
   * are none.
   */
  default long childProcessBytes() {
    return 0;
  }

  /**
   * Answers one request.
   *
   * @throws InvalidInputException if the tensors do not pass {@link #inputChecks}, or an output is
   *     unknown or asked for twice ({@code outputs[i].name})
   * @throws PredictionException if the engine fails
   * @throws EngineUnavailableException if the process or server that computes is away
   * @throws IllegalStateException if the predictor is closed
   */
  Predictions predict(PredictRequest request);

  /** Frees the model. No call may be running or follow. */
  @Override
  void close();
}
