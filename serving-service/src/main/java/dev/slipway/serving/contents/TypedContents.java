package dev.slipway.serving.contents;

import com.google.protobuf.ByteString;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.inference.InferTensorContents;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * Writes typed lists in the raw layout of {@link Tensor}.
 *
 * <p>Values that their datatype cannot hold are refused with {@link IllegalArgumentException}.
 */
public final class TypedContents {
  private TypedContents() {}

  /**
   * Returns the elements of a tensor in the raw layout.
   *
   * @throws IllegalArgumentException if they are in the list of another datatype, or it cannot hold
   *     one
   */
  public static ByteBuffer of(DataType datatype, InferTensorContents contents) {
    checkLists(datatype, contents);
    return switch (datatype) {
      case BOOL -> bools(contents.getBoolContentsList());
      case INT8, INT16, INT32 -> ints(contents.getIntContentsList(), datatype);
      case INT64 -> longs(contents.getInt64ContentsList());
      case UINT8, UINT16, UINT32 -> unsignedInts(contents.getUintContentsList(), datatype);
      case UINT64 -> longs(contents.getUint64ContentsList());
      case FP32 -> floats(contents.getFp32ContentsList());
      case FP64 -> doubles(contents.getFp64ContentsList());
      case BYTES -> byteStrings(contents.getBytesContentsList());
      case FP16, BF16 ->
          throw new IllegalArgumentException(datatype + " travels in raw_input_contents only");
    };
  }

  private static void checkLists(DataType datatype, InferTensorContents contents) {
    check(datatype == DataType.BOOL, contents.getBoolContentsCount(), "bool_contents", datatype);
    boolean ints =
        datatype == DataType.INT8 || datatype == DataType.INT16 || datatype == DataType.INT32;
    check(ints, contents.getIntContentsCount(), "int_contents", datatype);
    check(datatype == DataType.INT64, contents.getInt64ContentsCount(), "int64_contents", datatype);
    boolean uints =
        datatype == DataType.UINT8 || datatype == DataType.UINT16 || datatype == DataType.UINT32;
    check(uints, contents.getUintContentsCount(), "uint_contents", datatype);
    check(
        datatype == DataType.UINT64,
        contents.getUint64ContentsCount(),
        "uint64_contents",
        datatype);
    check(datatype == DataType.FP32, contents.getFp32ContentsCount(), "fp32_contents", datatype);
    check(datatype == DataType.FP64, contents.getFp64ContentsCount(), "fp64_contents", datatype);
    check(datatype == DataType.BYTES, contents.getBytesContentsCount(), "bytes_contents", datatype);
  }

  private static void check(boolean expected, int count, String list, DataType datatype) {
    if (!expected && count > 0) {
      throw new IllegalArgumentException("has " + list + ", which do not carry " + datatype);
    }
  }

  private static ByteBuffer allocate(int elements, DataType datatype) {
    return ByteBuffer.allocate(Math.multiplyExact(elements, datatype.elementSizeBytes()))
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Returns booleans, a byte each. */
  public static ByteBuffer bools(List<Boolean> values) {
    ByteBuffer buffer = allocate(values.size(), DataType.BOOL);
    values.forEach(value -> buffer.put((byte) (value ? 1 : 0)));
    return buffer.flip();
  }

  /** Returns signed numbers of up to 32 bits. */
  public static ByteBuffer ints(List<Integer> values, DataType datatype) {
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

  /** Returns unsigned numbers of up to 32 bits. */
  public static ByteBuffer unsignedInts(List<Integer> values, DataType datatype) {
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

  /** Returns numbers of 64 bits, signed or not. */
  public static ByteBuffer longs(List<Long> values) {
    ByteBuffer buffer = allocate(values.size(), DataType.INT64);
    values.forEach(buffer::putLong);
    return buffer.flip();
  }

  /** Returns numbers of single precision. */
  public static ByteBuffer floats(List<Float> values) {
    ByteBuffer buffer = allocate(values.size(), DataType.FP32);
    values.forEach(buffer::putFloat);
    return buffer.flip();
  }

  /** Returns numbers of double precision. */
  public static ByteBuffer doubles(List<Double> values) {
    ByteBuffer buffer = allocate(values.size(), DataType.FP64);
    values.forEach(buffer::putDouble);
    return buffer.flip();
  }

  /** Returns texts, each behind its length. */
  public static ByteBuffer byteStrings(List<ByteString> values) {
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
