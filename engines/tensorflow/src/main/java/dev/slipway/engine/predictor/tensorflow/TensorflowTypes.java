package dev.slipway.engine.predictor.tensorflow;

import dev.slipway.engine.error.UnsupportedModelException;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.TensorMetadata;
import org.tensorflow.proto.TensorInfo;
import org.tensorflow.proto.TensorShapeProto;
import org.tensorflow.types.TBfloat16;
import org.tensorflow.types.TBool;
import org.tensorflow.types.TFloat16;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.TInt64;
import org.tensorflow.types.TString;
import org.tensorflow.types.TUint16;
import org.tensorflow.types.TUint8;
import org.tensorflow.types.family.TType;

/** Translates between TensorFlow's descriptions and ours. */
final class TensorflowTypes {

  private TensorflowTypes() {}

  /**
   * Returns what a signature says of one of its tensors; an unknown number of dimensions is the
   * shape of a scalar.
   *
   * @throws UnsupportedModelException if it is sparse, ragged, or of a type that the binding lacks
   */
  static TensorMetadata metadata(String name, TensorInfo info) {
    if (info.getEncodingCase() != TensorInfo.EncodingCase.NAME) {
      throw new UnsupportedModelException(
          "\"" + name + "\" of the model is sparse or composite, which no request can carry");
    }
    return new TensorMetadata(name, datatype(name, info), shape(info.getTensorShape()));
  }

  private static Shape shape(TensorShapeProto proto) {
    return proto.getUnknownRank()
        ? Shape.of()
        : Shape.of(proto.getDimList().stream().mapToLong(TensorShapeProto.Dim::getSize).toArray());
  }

  private static DataType datatype(String name, TensorInfo info) {
    return switch (info.getDtype()) {
      case DT_BOOL -> DataType.BOOL;
      case DT_UINT8 -> DataType.UINT8;
      case DT_UINT16 -> DataType.UINT16;
      case DT_INT32 -> DataType.INT32;
      case DT_INT64 -> DataType.INT64;
      case DT_HALF -> DataType.FP16;
      case DT_BFLOAT16 -> DataType.BF16;
      case DT_FLOAT -> DataType.FP32;
      case DT_DOUBLE -> DataType.FP64;
      case DT_STRING -> DataType.BYTES;
      default ->
          throw new UnsupportedModelException(
              "\""
                  + name
                  + "\" of the model has the element type "
                  + info.getDtype()
                  + ", which TensorFlow's Java binding does not carry");
    };
  }

  /** Returns the binding's type of the same bits. */
  static Class<? extends TType> type(DataType datatype) {
    return switch (datatype) {
      case BOOL -> TBool.class;
      case UINT8 -> TUint8.class;
      case UINT16 -> TUint16.class;
      case INT32 -> TInt32.class;
      case INT64 -> TInt64.class;
      case FP16 -> TFloat16.class;
      case BF16 -> TBfloat16.class;
      case FP32 -> TFloat32.class;
      case FP64 -> TFloat64.class;
      case BYTES -> TString.class;
      case INT8, INT16, UINT32, UINT64 ->
          throw new IllegalArgumentException("the binding has no " + datatype);
    };
  }
}
