package dev.slipway.engine.predictor.pytorch;

import ai.djl.ndarray.types.DataType;
import java.util.Optional;

/** Translates between DJL's element types and ours. */
final class TorchTypes {

  private TorchTypes() {}

  /**
   * Finds DJL's type of the same bits. Its native half ends the process when it is asked for a
   * tensor of another type, also of those that DJL has names for.
   */
  static Optional<DataType> find(dev.slipway.engine.tensor.DataType datatype) {
    return switch (datatype) {
      case BOOL -> Optional.of(DataType.BOOLEAN);
      case UINT8 -> Optional.of(DataType.UINT8);
      case INT8 -> Optional.of(DataType.INT8);
      case INT32 -> Optional.of(DataType.INT32);
      case INT64 -> Optional.of(DataType.INT64);
      case FP16 -> Optional.of(DataType.FLOAT16);
      case FP32 -> Optional.of(DataType.FLOAT32);
      case FP64 -> Optional.of(DataType.FLOAT64);
      case BF16, INT16, UINT16, UINT32, UINT64, BYTES -> Optional.empty();
    };
  }
}
