package dev.slipway.engine.predictor.onnx;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.TensorInfo;
import dev.slipway.engine.error.UnsupportedModelException;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.TensorMetadata;

/** Translates between ONNX Runtime's descriptions and ours. */
final class OnnxTypes {

  private OnnxTypes() {}

  /**
   * Returns what a session says of one of its inputs or outputs.
   *
   * @throws UnsupportedModelException if it is a map, a sequence, an optional, or of a type that no
   *     tensor has here
   */
  static TensorMetadata metadata(NodeInfo node) {
    if (!(node.getInfo() instanceof TensorInfo info)) {
      throw new UnsupportedModelException(
          "\""
              + node.getName()
              + "\" of the model is not a tensor but "
              + node.getInfo()
              + "; for a scikit-learn classifier, convert it with options={\"zipmap\": False}, so"
              + " that probabilities are a tensor");
    }
    return new TensorMetadata(
        node.getName(), datatype(node.getName(), info), Shape.of(info.getShape()));
  }

  private static DataType datatype(String name, TensorInfo info) {
    return switch (info.onnxType) {
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL -> DataType.BOOL;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8 -> DataType.UINT8;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16 -> DataType.UINT16;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32 -> DataType.UINT32;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64 -> DataType.UINT64;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8 -> DataType.INT8;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16 -> DataType.INT16;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32 -> DataType.INT32;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64 -> DataType.INT64;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16 -> DataType.FP16;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16 -> DataType.BF16;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT -> DataType.FP32;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE -> DataType.FP64;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING -> DataType.BYTES;
      default ->
          throw new UnsupportedModelException(
              "\""
                  + name
                  + "\" of the model has the element type "
                  + info.onnxType
                  + ", which no request can carry");
    };
  }

  /** Tells whether the binding has the very type, and not only one of the same bits. */
  static boolean isExact(DataType datatype) {
    return switch (datatype) {
      case UINT16, UINT32, UINT64, BYTES -> false;
      default -> true;
    };
  }

  /**
   * Returns the binding's type of the same bits; it has none for unsigned numbers wider than 8
   * bits.
   */
  static OnnxJavaType javaType(DataType datatype) {
    return switch (datatype) {
      case BOOL -> OnnxJavaType.BOOL;
      case UINT8 -> OnnxJavaType.UINT8;
      case INT8 -> OnnxJavaType.INT8;
      case INT16, UINT16 -> OnnxJavaType.INT16;
      case INT32, UINT32 -> OnnxJavaType.INT32;
      case INT64, UINT64 -> OnnxJavaType.INT64;
      case FP16 -> OnnxJavaType.FLOAT16;
      case BF16 -> OnnxJavaType.BFLOAT16;
      case FP32 -> OnnxJavaType.FLOAT;
      case FP64 -> OnnxJavaType.DOUBLE;
      case BYTES -> OnnxJavaType.STRING;
    };
  }
}
