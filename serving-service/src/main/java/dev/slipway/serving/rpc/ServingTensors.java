package dev.slipway.serving.rpc;

import com.google.protobuf.ByteString;
import dev.slipway.engine.error.InvalidInputException;
import dev.slipway.engine.signature.SignatureChecks;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.TensorMetadata;
import dev.slipway.runtime.error.Violations;
import dev.slipway.serving.contents.TypedContents;
import dev.slipway.serving.inference.InferenceRequest.InputSource;
import dev.slipway.serving.model.LoadedModel;
import dev.slipway.serving.v1.Tensor;
import dev.slipway.serving.v1.TensorInfo;
import dev.slipway.serving.v1.Tensors;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The tensors of a {@code slipway.serving.v1} request and reply. */
final class ServingTensors implements InputSource {
  private static final String FIELD = "tensors.tensors";

  private final Tensors message;

  ServingTensors(Tensors message) {
    this.message = message;
  }

  @Override
  public long sizeBytes() {
    return message.getSerializedSize();
  }

  @Override
  public String field() {
    return FIELD;
  }

  @Override
  public List<dev.slipway.engine.tensor.Tensor> read(LoadedModel model, Violations violations) {
    List<dev.slipway.engine.tensor.Tensor> tensors = new ArrayList<>(message.getTensorsCount());
    for (int i = 0; i < message.getTensorsCount(); i++) {
      read(message.getTensors(i), FIELD + "[" + i + "]", violations).ifPresent(tensors::add);
    }
    return tensors;
  }

  private static Optional<dev.slipway.engine.tensor.Tensor> read(
      Tensor tensor, String field, Violations violations) {
    Optional<DataType> datatype = datatype(tensor.getDataType());
    if (datatype.isEmpty()) {
      violations.add(field + ".data_type", "input \"" + tensor.getName() + "\" has no datatype");
    }
    Optional<Shape> shape =
        OpenInferenceTensors.readShape(tensor.getName(), tensor.getShapeList(), field, violations);
    if (datatype.isEmpty() || shape.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          dev.slipway.engine.tensor.Tensor.of(
              tensor.getName(), datatype.get(), shape.get(), contents(tensor, datatype.get())));
    } catch (InvalidInputException e) {
      violations.add(
          field + ".contents",
          "input \"" + tensor.getName() + "\": " + e.violations().get(0).description());
    } catch (IllegalArgumentException e) {
      violations.add(field + ".contents", "input \"" + tensor.getName() + "\": " + e.getMessage());
    }
    return Optional.empty();
  }

  private static ByteBuffer contents(Tensor tensor, DataType datatype) {
    boolean fits =
        switch (tensor.getContentsCase()) {
          case RAW -> true;
          case BOOLS -> datatype == DataType.BOOL;
          case INT32S ->
              datatype == DataType.INT8 || datatype == DataType.INT16 || datatype == DataType.INT32;
          case INT64S -> datatype == DataType.INT64;
          case UINT32S ->
              datatype == DataType.UINT8
                  || datatype == DataType.UINT16
                  || datatype == DataType.UINT32;
          case UINT64S -> datatype == DataType.UINT64;
          case FLOATS -> datatype == DataType.FP32;
          case DOUBLES -> datatype == DataType.FP64;
          case BYTE_STRINGS -> datatype == DataType.BYTES;
          case CONTENTS_NOT_SET -> throw new IllegalArgumentException("has no contents");
        };
    if (!fits) {
      throw new IllegalArgumentException(
          "has "
              + tensor.getContentsCase().name().toLowerCase(java.util.Locale.ROOT)
              + ", which do not carry "
              + datatype);
    }
    return switch (tensor.getContentsCase()) {
      case RAW -> tensor.getRaw().asReadOnlyByteBuffer();
      case BOOLS -> TypedContents.bools(tensor.getBools().getValuesList());
      case INT32S -> TypedContents.ints(tensor.getInt32S().getValuesList(), datatype);
      case INT64S -> TypedContents.longs(tensor.getInt64S().getValuesList());
      case UINT32S -> TypedContents.unsignedInts(tensor.getUint32S().getValuesList(), datatype);
      case UINT64S -> TypedContents.longs(tensor.getUint64S().getValuesList());
      case FLOATS -> TypedContents.floats(tensor.getFloats().getValuesList());
      case DOUBLES -> TypedContents.doubles(tensor.getDoubles().getValuesList());
      case BYTE_STRINGS -> TypedContents.byteStrings(tensor.getByteStrings().getValuesList());
      case CONTENTS_NOT_SET -> ByteString.EMPTY.asReadOnlyByteBuffer();
    };
  }

  static Tensors write(List<dev.slipway.engine.tensor.Tensor> tensors) {
    Tensors.Builder message = Tensors.newBuilder();
    for (dev.slipway.engine.tensor.Tensor tensor : tensors) {
      message.addTensors(
          Tensor.newBuilder()
              .setName(tensor.name())
              .setDataType(dataType(tensor.datatype()))
              .addAllShape(tensor.shape().toList())
              .setRaw(OpenInferenceTensors.bytes(tensor)));
    }
    return message.build();
  }

  static List<TensorInfo> inputs(SignatureChecks checks) {
    return checks.tensors().stream()
        .map(input -> info(input).setOptional(!checks.isRequired(input.name())).build())
        .toList();
  }

  static TensorInfo output(TensorMetadata output) {
    return info(output).build();
  }

  private static TensorInfo.Builder info(TensorMetadata tensor) {
    return TensorInfo.newBuilder()
        .setName(tensor.name())
        .setDataType(dataType(tensor.datatype()))
        .addAllShape(tensor.shape().toList());
  }

  private static dev.slipway.serving.v1.DataType dataType(DataType datatype) {
    return dev.slipway.serving.v1.DataType.valueOf("DATA_TYPE_" + datatype.name());
  }

  private static Optional<DataType> datatype(dev.slipway.serving.v1.DataType message) {
    return message == dev.slipway.serving.v1.DataType.UNRECOGNIZED
        ? Optional.empty()
        : DataType.findByOipName(message.name().substring("DATA_TYPE_".length()));
  }
}
