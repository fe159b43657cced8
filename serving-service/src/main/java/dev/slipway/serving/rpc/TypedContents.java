package dev.slipway.serving.rpc;

import com.google.protobuf.ByteString;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Writes typed lists in the raw layout of {@link Tensor}.
 *
 * <p>Values that their datatype cannot hold are refused with {@link IllegalArgumentException}.
 */
final class TypedContents {
  private TypedContents() {}

  private static ByteBuffer allocate(int elements, DataType datatype) {
    return ByteBuffer.allocate(Math.multiplyExact(elements, datatype.elementSizeBytes()))
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  static ByteBuffer bools(List<Boolean> values) {
    ByteBuffer buffer = allocate(values.size(), DataType.BOOL);
    values.forEach(value -> buffer.put((byte) (value ? 1 : 0)));
    return buffer.flip();
  }

  static ByteBuffer ints(List<Integer> values, DataType datatype) {
    ByteBuffer buffer = allocate(values.size(), datatype);
    for (int i = 0; i < values.size(); i++) {
      int value = values.get(i);
      switch (datatype) {
        case INT8 -> buffer.put((byte) inRange(value, Byte.MIN_VALUE, Byte.MAX_VALUE, i, datatype));
        case INT16 ->
            buffer.putShort((short) inRange(value, Short.MIN_VALUE, Short.MAX_VALUE, i, datatype));
        default -> buffer.putInt(value);
      }
    }
    return buffer.flip();
  }

  static ByteBuffer unsignedInts(List<Integer> values, DataType datatype) {
    ByteBuffer buffer = allocate(values.size(), datatype);
    for (int i = 0; i < values.size(); i++) {
      int value = values.get(i);
      switch (datatype) {
        case UINT8 ->
            buffer.put((byte) inRange(Integer.toUnsignedLong(value), 0, 0xff, i, datatype));
        case UINT16 ->
            buffer.putShort((short) inRange(Integer.toUnsignedLong(value), 0, 0xffff, i, datatype));
        default -> buffer.putInt(value);
      }
    }
    return buffer.flip();
  }

  private static long inRange(long value, long least, long most, int index, DataType datatype) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          "element " + index + " is " + value + ", which " + datatype + " cannot hold");
    }
    return value;
  }

  static ByteBuffer longs(List<Long> values) {
    ByteBuffer buffer = allocate(values.size(), DataType.INT64);
    values.forEach(buffer::putLong);
    return buffer.flip();
  }

  static ByteBuffer floats(List<Float> values) {
    ByteBuffer buffer = allocate(values.size(), DataType.FP32);
    values.forEach(buffer::putFloat);
    return buffer.flip();
  }

  static ByteBuffer doubles(List<Double> values) {
    ByteBuffer buffer = allocate(values.size(), DataType.FP64);
    values.forEach(buffer::putDouble);
    return buffer.flip();
  }

  static ByteBuffer byteStrings(List<ByteString> values) {
    long size = 0;
    for (ByteString value : values) {
      size += Integer.BYTES + (long) value.size();
    }
    ByteBuffer buffer = ByteBuffer.allocate(Math.toIntExact(size)).order(ByteOrder.LITTLE_ENDIAN);
    for (ByteString value : values) {
      buffer.putInt(value.size());
      value.copyTo(buffer);
    }
    return buffer.flip();
  }
}
