package dev.slipway.gateway.inference;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.inference.ModelInferRequest;
import dev.slipway.inference.ModelInferRequest.InferInputTensor;
import dev.slipway.inference.ModelMetadataResponse;
import dev.slipway.inference.ModelMetadataResponse.TensorMetadata;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Reads bodies that are nothing but the bytes of a model's only input, of one row. Of BYTES it is
 * one element, without its length. Answers to them are bytes as well.
 */
final class RawBody {
  private RawBody() {}

  /**
   * Returns the request that a body stands for.
   *
   * @param body must not change any more
   */
  static InferRequest asOnlyInput(ModelMetadataResponse model, ModelPath path, byte[] body) {
    if (model.getInputsCount() != 1) {
      throw InferenceErrors.malformed(
          "%s is 0, which is for models of one input; %s has %d"
              .formatted(InferEndpoint.JSON_LENGTH, path.model(), model.getInputsCount()));
    }
    TensorMetadata input = model.getInputs(0);
    DataType type = DataType.valueOf(input.getDatatype());
    ByteString bytes = UnsafeByteOperations.unsafeWrap(body);
    long elements;
    if (type.isFixedSize()) {
      elements = body.length / type.elementSizeBytes();
    } else {
      elements = 1;
      bytes = prefix(body.length).concat(bytes);
    }
    return new InferRequest(
        ModelInferRequest.newBuilder()
            .setModelName(path.model())
            .setModelVersion(path.version())
            .addInputs(
                InferInputTensor.newBuilder()
                    .setName(input.getName())
                    .setDatatype(input.getDatatype())
                    .addAllShape(shape(input.getShapeList(), elements)))
            .addRawInputContents(bytes)
            .build(),
        new BinaryOutputs(true, Map.of()));
  }

  private static ByteString prefix(int length) {
    return ByteString.copyFrom(
        ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(length).flip());
  }

  /**
   * Settles the sizes that the model leaves open: the outermost is one row, one other follows from
   * the number of elements, and with more it cannot be told. Whether the bytes then fill the shape
   * is for the service to say.
   */
  private static List<Long> shape(List<Long> open, long elements) {
    List<Long> shape = new ArrayList<>(open);
    if (!shape.isEmpty() && shape.get(0) < 0) {
      shape.set(0, 1L);
    }
    int unknown = shape.indexOf(-1L);
    if (unknown != shape.lastIndexOf(-1L)) {
      throw InferenceErrors.malformed(
          InferEndpoint.JSON_LENGTH
              + " is 0, but the size of the input does not follow from its "
              + "bytes: its shape is "
              + open);
    }
    if (unknown >= 0) {
      long others = shape.stream().filter(size -> size >= 0).reduce(1L, Math::multiplyExact);
      shape.set(unknown, others == 0 ? 0 : elements / others);
    }
    return shape;
  }
}
