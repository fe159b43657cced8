package dev.slipway.serving.rpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.slipway.engine.error.InvalidInputException;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.inference.ModelInferRequest;
import dev.slipway.inference.ModelInferRequest.InferInputTensor;
import dev.slipway.inference.ModelInferResponse;
import dev.slipway.runtime.error.Violations;
import dev.slipway.serving.contents.TypedContents;
import dev.slipway.serving.inference.InferenceRequest.InputSource;
import dev.slipway.serving.model.LoadedModel;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The tensors of an Open Inference request and reply. Raw chunks are looked at where they lie;
 * typed lists are written in the raw layout.
 */
final class OpenInferenceTensors implements InputSource {
  private final ModelInferRequest request;

  OpenInferenceTensors(ModelInferRequest request) {
    this.request = request;
  }

  @Override
  public long sizeBytes() {
    return request.getSerializedSize();
  }

  @Override
  public String field() {
    return "inputs";
  }

  @Override
  public List<Tensor> read(LoadedModel model, Violations violations) {
    int inputs = request.getInputsCount();
    boolean raw = request.getRawInputContentsCount() > 0;
    if (raw && request.getRawInputContentsCount() != inputs) {
      violations.add(
          "raw_input_contents",
          "has "
              + request.getRawInputContentsCount()
              + " chunks for "
              + inputs
              + " inputs; each input has one");
    }
    List<Tensor> tensors = new ArrayList<>(inputs);
    for (int i = 0; i < inputs; i++) {
      read(i, raw, violations).ifPresent(tensors::add);
    }
    return tensors;
  }

  private Optional<Tensor> read(int index, boolean raw, Violations violations) {
    InferInputTensor input = request.getInputs(index);
    String field = "inputs[" + index + "]";
    Optional<DataType> datatype = DataType.findByOipName(input.getDatatype());
    if (datatype.isEmpty()) {
      violations.add(
          field + ".datatype",
          "input \""
              + input.getName()
              + "\" has the unknown datatype \""
              + input.getDatatype()
              + "\"");
    }
    Optional<Shape> shape = readShape(input.getName(), input.getShapeList(), field, violations);
    if (raw && input.hasContents()) {
      violations.add(
          field + ".contents",
          "input \""
              + input.getName()
              + "\" has typed contents beside raw_input_contents; use one or the other");
      return Optional.empty();
    }
    if (datatype.isEmpty()
        || shape.isEmpty()
        || (raw && index >= request.getRawInputContentsCount())) {
      return Optional.empty();
    }
    try {
      ByteBuffer data =
          raw
              ? request.getRawInputContents(index).asReadOnlyByteBuffer()
              : TypedContents.of(datatype.get(), input.getContents());
      return Optional.of(Tensor.of(input.getName(), datatype.get(), shape.get(), data));
    } catch (InvalidInputException e) {
      violations.add(
          raw ? "raw_input_contents[" + index + "]" : field + ".contents",
          "input \"" + input.getName() + "\": " + e.violations().get(0).description());
    } catch (IllegalArgumentException e) {
      violations.add(field + ".contents", "input \"" + input.getName() + "\": " + e.getMessage());
    }
    return Optional.empty();
  }

  /** Reads a shape, noting sizes below 0 and products that no tensor can have. */
  static Optional<Shape> readShape(
      String name, List<Long> sizes, String field, Violations violations) {
    if (hasNegative(sizes)) {
      violations.add(
          field + ".shape", "input \"" + name + "\" has a negative size in its shape " + sizes);
      return Optional.empty();
    }
    try {
      Shape shape = Shape.of(sizes);
      // Throws when the product does not fit.
      long unused = shape.elementCount();
      return Optional.of(shape);
    } catch (IllegalArgumentException e) {
      violations.add(field + ".shape", "input \"" + name + "\": " + e.getMessage());
    } catch (ArithmeticException e) {
      violations.add(
          field + ".shape",
          "input \"" + name + "\" has more elements in its shape " + sizes + " than a tensor can");
    }
    return Optional.empty();
  }

  /** Looks at every request's shapes: a stream would cost more than the looking. */
  private static boolean hasNegative(List<Long> sizes) {
    for (long size : sizes) {
      if (size < 0) {
        return true;
      }
    }
    return false;
  }

  /** Adds an output and its chunk; the bytes are not copied. */
  static void add(Tensor tensor, ModelInferResponse.Builder response) {
    ModelInferResponse.InferOutputTensor.Builder output =
        response
            .addOutputsBuilder()
            .setName(tensor.name())
            .setDatatype(tensor.datatype().oipName());
    for (int i = 0; i < tensor.shape().rank(); i++) {
      output.addShape(tensor.shape().dimension(i));
    }
    response.addRawOutputContents(bytes(tensor));
  }

  /** Returns a tensor's bytes, which nobody changes any more. */
  static ByteString bytes(Tensor tensor) {
    return UnsafeByteOperations.unsafeWrap(tensor.data());
  }
}
