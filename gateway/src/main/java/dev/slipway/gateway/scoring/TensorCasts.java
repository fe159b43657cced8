package dev.slipway.gateway.scoring;

import com.google.protobuf.UnsafeByteOperations;
import dev.slipway.engine.json.JsonElements;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.serving.v1.Tensor;
import dev.slipway.serving.v1.TensorInfo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Gives a tensor the name and the type that a model wants. */
final class TensorCasts {
  private TensorCasts() {}

  /**
   * Returns a raw tensor as a model's input. Floating-point numbers are rounded, whole numbers kept
   * exactly.
   *
   * @throws ScoringException if a value does not fit the type
   */
  static Tensor cast(Tensor tensor, TensorInfo info) {
    Tensor.Builder cast =
        Tensor.newBuilder()
            .setName(info.getName())
            .setDataType(info.getDataType())
            .addAllShape(tensor.getShapeList());
    if (tensor.getDataType() == info.getDataType()) {
      return cast.setRaw(tensor.getRaw()).build();
    }
    DataType from = NestedLists.type(tensor.getDataType());
    DataType to = NestedLists.type(info.getDataType());
    if (!from.isFixedSize() || !to.isFixedSize()) {
      throw new ScoringException("the array has %s and the model takes %s".formatted(from, to));
    }
    ByteBuffer values = tensor.getRaw().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    int count = values.remaining() / from.elementSizeBytes();
    ByteBuffer raw =
        ByteBuffer.allocate(Math.multiplyExact(count, to.elementSizeBytes()))
            .order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      try {
        JsonElements.put(raw, to, JsonElements.next(values, from), "");
      } catch (IllegalArgumentException e) {
        throw new ScoringException(
            "the array has %s and the model takes %s: value %d%s"
                .formatted(from, to, i, e.getMessage()),
            e);
      }
    }
    return cast.setRaw(UnsafeByteOperations.unsafeWrap(raw.flip())).build();
  }

  /**
   * Returns an input of zeros or empty strings; sizes that the model leaves open are 1, the first
   * that is the number of rows.
   */
  static Tensor zeros(TensorInfo info, int rows) {
    long count = 1;
    Tensor.Builder zeros =
        Tensor.newBuilder().setName(info.getName()).setDataType(info.getDataType());
    for (int i = 0; i < info.getShapeCount(); i++) {
      long open = i == 0 ? rows : 1;
      long size = info.getShape(i) < 0 ? open : info.getShape(i);
      zeros.addShape(size);
      count = Math.multiplyExact(count, size);
    }
    DataType type = NestedLists.type(info.getDataType());
    int bytes = type.isFixedSize() ? type.elementSizeBytes() : Integer.BYTES;
    return zeros
        .setRaw(UnsafeByteOperations.unsafeWrap(new byte[Math.toIntExact(count * bytes)]))
        .build();
  }
}
