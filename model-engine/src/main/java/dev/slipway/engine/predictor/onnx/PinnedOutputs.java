package dev.slipway.engine.predictor.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.engine.tensor.TensorBuffers;
import dev.slipway.engine.tensor.TensorMetadata;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Memory that the outputs of one call are written to. To be told where to write costs ONNX
 * Runtime's binding about half of what it costs it to describe what it has made, so small outputs
 * whose shape is known before the call are given their place. Not thread-safe.
 */
final class PinnedOutputs implements AutoCloseable {
  /** Beyond it the engine's own work is all that counts. */
  private static final long MAX_BYTES = 64 << 10;

  /** What ONNX Runtime says, by its code as of a bad input, of an output with another shape. */
  private static final String MISFIT = "The output OrtValue provided for output";

  private final Map<String, OnnxTensor> tensors = new HashMap<>();
  private final List<Pinned> pinned = new ArrayList<>();

  private record Pinned(
      TensorMetadata output, Shape shape, TensorBuffers.Lease lease, OnnxTensor tensor) {}

  private PinnedOutputs() {}

  /**
   * Tells whether ONNX Runtime writes all these outputs to memory that it is given: their shapes
   * follow from the rows of a call, their datatypes are ones that the binding has, and none is an
   * input that the graph hands on. The value of such an input takes the place of the memory, which
   * then keeps, without an error, what an earlier call left there.
   *
   * @param inputs the names of the graph's inputs
   * @param batched whether outputs have a row for each row asked
   */
  static boolean canPin(List<TensorMetadata> outputs, Set<String> inputs, boolean batched) {
    return outputs.stream()
        .allMatch(output -> !inputs.contains(output.name()) && canPin(output, batched));
  }

  private static boolean canPin(TensorMetadata output, boolean batched) {
    Shape shape = output.shape();
    // The shape of a scalar may stand for one that is not known.
    if (!OnnxTypes.isExact(output.datatype()) || shape.rank() == 0) {
      return false;
    }
    return batched ? shape.withRows(1).isFixed() : shape.isFixed();
  }

  /**
   * Tells whether a run failed since an output did not fit into its place. All other failures are
   * the request's or the engine's, and come again without that place.
   */
  static boolean isMisfit(OrtException failure) {
    return failure.getMessage().contains(MISFIT);
  }

  /**
   * Provides the memory; nothing where there is no or much to write.
   *
   * @param outputs the outputs wanted, for which {@link #canPin} holds
   * @param rows those asked; empty when the inputs have no batch axis
   * @param buffers lends the memory
   */
  static Optional<PinnedOutputs> of(
      OrtEnvironment environment,
      List<TensorMetadata> outputs,
      OptionalLong rows,
      TensorBuffers buffers)
      throws OrtException {
    if (rows.isPresent() && rows.getAsLong() > MAX_BYTES) {
      return Optional.empty();
    }
    List<Shape> shapes = new ArrayList<>(outputs.size());
    for (TensorMetadata output : outputs) {
      Shape shape =
          output.shape().isFixed() ? output.shape() : output.shape().withRows(rows.orElseThrow());
      long elements = shape.elementCount();
      if (elements == 0 || elements > MAX_BYTES / output.datatype().elementSizeBytes()) {
        return Optional.empty();
      }
      shapes.add(shape);
    }
    PinnedOutputs made = new PinnedOutputs();
    try {
      for (int i = 0; i < shapes.size(); i++) {
        made.pin(environment, outputs.get(i), shapes.get(i), buffers);
      }
      return Optional.of(made);
    } catch (Throwable e) {
      made.close();
      throw e;
    }
  }

  private void pin(
      OrtEnvironment environment, TensorMetadata output, Shape shape, TensorBuffers buffers)
      throws OrtException {
    DataType datatype = output.datatype();
    TensorBuffers.Lease lease =
        buffers.acquire(Math.toIntExact(shape.elementCount() * datatype.elementSizeBytes()));
    try {
      OnnxTensor tensor =
          OnnxTensor.createTensor(
              environment, lease.buffer(), shape.toArray(), OnnxTypes.javaType(datatype));
      pinned.add(new Pinned(output, shape, lease, tensor));
      tensors.put(output.name(), tensor);
    } catch (Throwable e) {
      lease.close();
      throw e;
    }
  }

  /** Returns where the outputs are to be written, by name. */
  Map<String, OnnxTensor> tensors() {
    return tensors;
  }

  /** Returns copies on the heap of what was written, in the order of the outputs. */
  List<Tensor> copies() {
    List<Tensor> copies = new ArrayList<>(pinned.size());
    for (Pinned each : pinned) {
      ByteBuffer copy = ByteBuffer.allocate(each.lease().buffer().capacity());
      copy.put(each.lease().buffer().duplicate()).flip();
      copies.add(Tensor.of(each.output().name(), each.output().datatype(), each.shape(), copy));
    }
    return copies;
  }

  /** Gives the memory back. */
  @Override
  public void close() {
    for (Pinned each : pinned) {
      each.tensor().close();
      each.lease().close();
    }
  }
}
