package dev.slipway.engine.tensor;

import dev.slipway.engine.error.InvalidInputException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * A named, typed, shaped view of bytes in the raw layout of the Open Inference Protocol:
 * little-endian, row-major, no padding, one byte per {@code BOOL}, each {@code BYTES} element
 * behind a 4-byte little-endian unsigned length.
 *
 * <p>A tensor does not own its bytes. Whoever made the buffer keeps it alive and unchanged for as
 * long as the tensor is used; one made over a {@link TensorBuffers.Lease} is void when the lease is
 * closed. Under that condition a tensor is immutable and any number of threads may read it.
 *
 * <p>The length is checked against datatype and shape when the tensor is made, for {@code BYTES} by
 * a walk over the length prefixes, so nobody who reads it later needs to.
 */
public final class Tensor {

  private final String name;
  private final DataType datatype;
  private final Shape shape;
  private final ByteBuffer data;

  private Tensor(String name, DataType datatype, Shape shape, ByteBuffer data) {
    this.name = name;
    this.datatype = datatype;
    this.shape = shape;
    this.data = data;
  }

  /**
   * Returns a tensor over the remaining bytes of a buffer, heap or direct, without copying. The
   * buffer's position and limit are left as they are.
   *
   * @throws InvalidInputException if the shape has a size of -1 or its product overflows, or the
   *     bytes are not exactly as many as datatype and shape ask for. The field is the tensor's
   *     name.
   */
  public static Tensor of(String name, DataType datatype, Shape shape, ByteBuffer data) {
    Objects.requireNonNull(name, "name");
    ByteBuffer view = data.slice().asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
    long elements = countElements(name, shape);
    if (datatype.isFixedSize()) {
      checkLength(name, datatype, shape, elements, view.remaining());
    } else {
      checkPrefixes(name, shape, elements, view);
    }
    return new Tensor(name, datatype, shape, view);
  }

  private static long countElements(String name, Shape shape) {
    if (!shape.isFixed()) {
      throw InvalidInputException.of(
          name, "the shape " + shape + " of a tensor must not have a negative size");
    }
    try {
      return shape.elementCount();
    } catch (ArithmeticException e) {
      throw InvalidInputException.of(
          name, "the shape " + shape + " has more elements than a tensor can");
    }
  }

  private static void checkLength(
      String name, DataType datatype, Shape shape, long elements, int actualBytes) {
    // An element count beyond the largest buffer is refused here too, before the product could
    // overflow.
    if (elements > Integer.MAX_VALUE || elements * datatype.elementSizeBytes() != actualBytes) {
      throw InvalidInputException.of(
          name,
          datatype
              + " "
              + shape
              + " has "
              + elements
              + " elements of "
              + datatype.elementSizeBytes()
              + " bytes, but the content has "
              + actualBytes
              + " bytes");
    }
  }

  private static void checkPrefixes(String name, Shape shape, long elements, ByteBuffer view) {
    int position = 0;
    int limit = view.limit();
    for (long i = 0; i < elements; i++) {
      if (limit - position < Integer.BYTES) {
        throw InvalidInputException.of(
            name,
            "BYTES "
                + shape
                + " has "
                + elements
                + " elements, but the content ends before the length of element "
                + i);
      }
      long length = Integer.toUnsignedLong(view.getInt(position));
      position += Integer.BYTES;
      if (length > limit - position) {
        throw InvalidInputException.of(
            name,
            "element "
                + i
                + " says it has "
                + length
                + " bytes, but only "
                + (limit - position)
                + " follow");
      }
      position += (int) length;
    }
    if (position != limit) {
      throw InvalidInputException.of(
          name,
          "BYTES "
              + shape
              + " has "
              + elements
              + " elements, but "
              + (limit - position)
              + " bytes follow the last one");
    }
  }

  /** Returns the tensor's name. */
  public String name() {
    return name;
  }

  /** Returns the element type. */
  public DataType datatype() {
    return datatype;
  }

  /** Returns the shape; it has no -1. */
  public Shape shape() {
    return shape;
  }

  /** Returns the number of elements. */
  public long elementCount() {
    return shape.elementCount();
  }

  /** Returns the number of bytes in the raw layout. */
  public int sizeBytes() {
    return data.remaining();
  }

  /**
   * Returns the bytes: a fresh read-only little-endian view from position 0 to its limit, direct if
   * the tensor was made over a direct buffer.
   */
  public ByteBuffer data() {
    return data.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Returns what describes this tensor without its bytes. */
  public TensorMetadata metadata() {
    return new TensorMetadata(name, datatype, shape);
  }

  /** Returns the same bytes under another name. */
  public Tensor withName(String newName) {
    return newName.equals(name) ? this : new Tensor(newName, datatype, shape, data);
  }

  /**
   * Returns the same bytes in another shape.
   *
   * @throws IllegalArgumentException if the new shape does not have the same number of elements
   */
  public Tensor withShape(Shape newShape) {
    if (newShape.elementCount() != shape.elementCount()) {
      throw new IllegalArgumentException("cannot reshape " + shape + " to " + newShape);
    }
    return new Tensor(name, datatype, newShape, data);
  }

  /** Returns an FP32 tensor with a copy of the values. */
  public static Tensor ofFloats(String name, Shape shape, float... values) {
    ByteBuffer buffer = littleEndian((long) values.length * Float.BYTES);
    buffer.asFloatBuffer().put(values);
    return of(name, DataType.FP32, shape, buffer);
  }

  /** Returns an FP64 tensor with a copy of the values. */
  public static Tensor ofDoubles(String name, Shape shape, double... values) {
    ByteBuffer buffer = littleEndian((long) values.length * Double.BYTES);
    buffer.asDoubleBuffer().put(values);
    return of(name, DataType.FP64, shape, buffer);
  }

  /** Returns an INT32 tensor with a copy of the values. */
  public static Tensor ofInts(String name, Shape shape, int... values) {
    ByteBuffer buffer = littleEndian((long) values.length * Integer.BYTES);
    buffer.asIntBuffer().put(values);
    return of(name, DataType.INT32, shape, buffer);
  }

  /** Returns an INT64 tensor with a copy of the values. */
  public static Tensor ofLongs(String name, Shape shape, long... values) {
    ByteBuffer buffer = littleEndian((long) values.length * Long.BYTES);
    buffer.asLongBuffer().put(values);
    return of(name, DataType.INT64, shape, buffer);
  }

  /** Returns a BOOL tensor with the values as 0 and 1. */
  public static Tensor ofBooleans(String name, Shape shape, boolean... values) {
    ByteBuffer buffer = littleEndian(values.length);
    for (boolean value : values) {
      buffer.put((byte) (value ? 1 : 0));
    }
    return of(name, DataType.BOOL, shape, buffer.flip());
  }

  /** Returns a BYTES tensor with the values in UTF-8. */
  public static Tensor ofStrings(String name, Shape shape, String... values) {
    byte[][] encoded = new byte[values.length][];
    for (int i = 0; i < values.length; i++) {
      encoded[i] = values[i].getBytes(StandardCharsets.UTF_8);
    }
    return ofBytes(name, shape, encoded);
  }

  /** Returns a BYTES tensor with a copy of the values. */
  public static Tensor ofBytes(String name, Shape shape, byte[]... values) {
    long size = 0;
    for (byte[] value : values) {
      size += Integer.BYTES + (long) value.length;
    }
    ByteBuffer buffer = littleEndian(size);
    for (byte[] value : values) {
      buffer.putInt(value.length).put(value);
    }
    return of(name, DataType.BYTES, shape, buffer.flip());
  }

  private static ByteBuffer littleEndian(long sizeBytes) {
    return ByteBuffer.allocate(Math.toIntExact(sizeBytes)).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Returns a copy of the values of an FP32 tensor in row-major order. */
  public float[] toFloats() {
    require(DataType.FP32);
    float[] values = new float[sizeBytes() / Float.BYTES];
    data().asFloatBuffer().get(values);
    return values;
  }

  /** Returns a copy of the values of an FP64 tensor in row-major order. */
  public double[] toDoubles() {
    require(DataType.FP64);
    double[] values = new double[sizeBytes() / Double.BYTES];
    data().asDoubleBuffer().get(values);
    return values;
  }

  /** Returns a copy of the values of an INT32 tensor in row-major order. */
  public int[] toInts() {
    require(DataType.INT32);
    int[] values = new int[sizeBytes() / Integer.BYTES];
    data().asIntBuffer().get(values);
    return values;
  }

  /** Returns a copy of the values of an INT64 tensor in row-major order. */
  public long[] toLongs() {
    require(DataType.INT64);
    long[] values = new long[sizeBytes() / Long.BYTES];
    data().asLongBuffer().get(values);
    return values;
  }

  /** Returns a copy of the values of a BOOL tensor in row-major order. */
  public boolean[] toBooleans() {
    require(DataType.BOOL);
    boolean[] values = new boolean[sizeBytes()];
    for (int i = 0; i < values.length; i++) {
      values[i] = data.get(i) != 0;
    }
    return values;
  }

  /** Returns a copy of the values of a BYTES tensor in row-major order. */
  public byte[][] toBytes() {
    require(DataType.BYTES);
    byte[][] values = new byte[Math.toIntExact(elementCount())][];
    ByteBuffer view = data();
    for (int i = 0; i < values.length; i++) {
      values[i] = new byte[view.getInt()];
      view.get(values[i]);
    }
    return values;
  }

  /**
   * Returns the values of a BYTES tensor read as UTF-8, in row-major order; malformed bytes become
   * U+FFFD.
   */
  public String[] toStrings() {
    byte[][] bytes = toBytes();
    String[] values = new String[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      values[i] = new String(bytes[i], StandardCharsets.UTF_8);
    }
    return values;
  }

  private void require(DataType wanted) {
    if (datatype != wanted) {
      throw new IllegalStateException("the tensor " + name + " is " + datatype + ", not " + wanted);
    }
  }

  /** Compares name, datatype, shape and every byte. */
  @Override
  public boolean equals(Object other) {
    return other instanceof Tensor tensor
        && name.equals(tensor.name)
        && datatype == tensor.datatype
        && shape.equals(tensor.shape)
        && data.equals(tensor.data);
  }

  @Override
  public int hashCode() {
    return Objects.hash(name, datatype, shape, data);
  }

  /** Returns name, datatype and shape, never the values. */
  @Override
  public String toString() {
    return name + " " + datatype + " " + shape;
  }
}
