package dev.slipway.serving.remote;

import dev.slipway.engine.error.EngineException;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.engine.tensor.TensorMetadata;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** A model on another server. Thread-safe; calls block, and end when their time is over. */
interface RemoteServer extends AutoCloseable {
  /** The most bytes that an answer may have. */
  int MAX_ANSWER_BYTES = 64 << 20;

  /** Returns protocol and transport, {@code <project>_<format>}. */
  String platform();

  /**
   * What the model takes and gives, by its own account.
   *
   * @param inputs in the server's order
   * @param outputs in the server's order
   */
  record Description(List<TensorMetadata> inputs, List<TensorMetadata> outputs) {
    /** Copies the lists. */
    public Description {
      inputs = List.copyOf(inputs);
      outputs = List.copyOf(outputs);
    }
  }

  /**
   * Asks what the model takes and gives.
   *
   * @throws EngineException unavailable if the server does not answer in time, or is not ready for
   *     the model
   */
  Description describe(Duration timeout);

  /**
   * Has a prediction made.
   *
   * @param outputs what is wanted, as the server describes it
   * @return the wanted outputs in this order, under these names
   * @throws EngineException unavailable if the server does not answer in time, else what it says
   */
  List<Tensor> predict(
      List<Tensor> inputs,
      Map<String, Object> parameters,
      List<TensorMetadata> outputs,
      Duration timeout);

  @Override
  void close();
}
