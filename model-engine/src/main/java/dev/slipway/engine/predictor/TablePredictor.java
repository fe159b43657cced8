package dev.slipway.engine.predictor;

import dev.slipway.engine.signature.CheckedInputs;
import dev.slipway.engine.signature.SignatureChecks;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.engine.tensor.TensorMetadata;
import java.util.List;

/**
 * A predictor of an engine that takes rows of values and answers rows. Requests are checked before
 * the engine sees them; each engine computes and frees what it holds.
 */
public abstract class TablePredictor implements Predictor {
  private final String platform;
  private final SignatureChecks inputChecks;
  private final List<TensorMetadata> outputs;
  private volatile boolean closed;

  /**
   * Creates an open predictor.
   *
   * @param platform see {@link #platform()}
   * @param inputChecks of inputs with a batch axis
   * @param outputs see {@link #outputs()}
   */
  protected TablePredictor(
      String platform, SignatureChecks inputChecks, List<TensorMetadata> outputs) {
    this.platform = platform;
    this.inputChecks = inputChecks;
    this.outputs = List.copyOf(outputs);
  }

  @Override
  public final String platform() {
    return platform;
  }

  @Override
  public final SignatureChecks inputChecks() {
    return inputChecks;
  }

  @Override
  public final List<TensorMetadata> outputs() {
    return outputs;
  }

  @Override
  public final Predictions predict(PredictRequest request) {
    if (closed) {
      throw new IllegalStateException("the predictor is closed");
    }
    CheckedInputs checked = inputChecks.check(request.inputs());
    List<String> wanted = RequestedOutputs.resolve(request, outputs);
    return new Predictions(answer(checked, wanted));
  }

  /**
   * Computes the answer to rows, perhaps none.
   *
   * @param wanted names of the outputs to answer, in order
   */
  protected abstract List<Tensor> answer(CheckedInputs inputs, List<String> wanted);

  /** Frees memory outside the Java heap. Called once. */
  protected void free() {}

  /** Refuses calls from now on, and frees what the engine holds. */
  @Override
  public final void close() {
    if (!closed) {
      closed = true;
      free();
    }
  }
}
