package dev.slipway.gateway.scoring;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.serving.v1.PredictRequest;
import dev.slipway.serving.v1.PredictResponse;
import dev.slipway.serving.v1.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Reads and writes arrays of numbers and truth values in NumPy's NPY format, versions 1 to 3. */
public final class NpyArray {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final int MAX_HEADER = 1 << 16;
  private static final int ALIGNMENT = 64;
  private static final Pattern DESCRIPTION = Pattern.compile("'descr': *'([<>|=])([a-z][0-9]+)'");
  private static final Pattern ORDER = Pattern.compile("'fortran_order': *(True|False)");
  private static final Pattern SHAPE = Pattern.compile("'shape': *\\(([0-9, ]*)\\)");
  private static final Pattern NUMBER = Pattern.compile("[0-9]+");
  private static final Map<String, DataType> TYPES =
      Map.ofEntries(
          Map.entry("b1", DataType.BOOL),
          Map.entry("u1", DataType.UINT8),
          Map.entry("u2", DataType.UINT16),
          Map.entry("u4", DataType.UINT32),
          Map.entry("u8", DataType.UINT64),
          Map.entry("i1", DataType.INT8),
          Map.entry("i2", DataType.INT16),
          Map.entry("i4", DataType.INT32),
          Map.entry("i8", DataType.INT64),
          Map.entry("f2", DataType.FP16),
          Map.entry("f4", DataType.FP32),
          Map.entry("f8", DataType.FP64));

  private NpyArray() {}

  /**
   * Reads an array into a request for a model that takes one tensor, or a table without names.
   *
   * @throws ScoringException if it is none, has elements of another kind, or does not suit the
   *     model
   */
  public static void read(InputStream npy, ScoringInputs inputs, PredictRequest.Builder request)
      throws IOException {
    inputs.readTensor(read(npy), request);
  }

  /**
   * Writes the only tensor of an answer.
   *
   * @throws ScoringException if the answer is a table, has several tensors or one of strings
   */
  public static void write(PredictResponse answer, OutputStream npy) throws IOException {
    if (answer.getTensors().getTensorsCount() != 1) {
      throw new ScoringException(
          "NPY holds one array; the answer has "
              + (answer.hasDataFrame()
                  ? "a table"
                  : answer.getTensors().getTensorsList().stream()
                      .map(Tensor::getName)
                      .collect(Collectors.joining(", "))));
    }
    write(answer.getTensors().getTensors(0), npy);
  }

  static Tensor read(InputStream npy) throws IOException {
    byte[] start = npy.readNBytes(MAGIC.length + 2);
    if (start.length < MAGIC.length + 2
        || !ByteBuffer.wrap(start, 0, MAGIC.length).equals(ByteBuffer.wrap(MAGIC))) {
      throw new ScoringException("not NPY: it does not begin with \\x93NUMPY");
    }
    int version = start[MAGIC.length];
    if (version < 1 || version > 3) {
      throw new ScoringException("NPY of version " + version + "; versions 1 to 3 are read");
    }
    int lengthBytes = version == 1 ? Short.BYTES : Integer.BYTES;
    ByteBuffer length =
        ByteBuffer.wrap(whole(npy, lengthBytes, "header")).order(ByteOrder.LITTLE_ENDIAN);
    long headerBytes =
        version == 1
            ? Short.toUnsignedInt(length.getShort())
            : Integer.toUnsignedLong(length.getInt());
    if (headerBytes > MAX_HEADER) {
      throw new ScoringException("the header of the NPY is longer than " + MAX_HEADER + " bytes");
    }
    String header = new String(whole(npy, (int) headerBytes, "header"), StandardCharsets.UTF_8);
    Matcher description = found(DESCRIPTION, header, "a plain type such as '<f4'");
    DataType type = TYPES.get(description.group(2));
    if (type == null) {
      throw new ScoringException(
          "the NPY has elements of the type %s; truth values, integers and floating-point numbers are read"
              .formatted(description.group(2)));
    }
    List<Long> shape = new ArrayList<>();
    long count = 1;
    Matcher sizes = NUMBER.matcher(found(SHAPE, header, "a shape").group(1));
    while (sizes.find()) {
      try {
        shape.add(Long.parseLong(sizes.group()));
        count = Math.multiplyExact(count, shape.get(shape.size() - 1));
      } catch (ArithmeticException | NumberFormatException e) {
        throw new ScoringException("the shape of the NPY is too large", e);
      }
    }
    if (count > (Integer.MAX_VALUE - Long.BYTES) / type.elementSizeBytes()) {
      throw new ScoringException("the NPY holds more than 2 GiB");
    }
    byte[] data = whole(npy, (int) count * type.elementSizeBytes(), "array");
    if (description.group(1).equals(">")) {
      reverseElements(data, type.elementSizeBytes());
    }
    if (found(ORDER, header, "an order").group(1).equals("True")) {
      data = rowMajor(data, shape, type.elementSizeBytes());
    }
    return Tensor.newBuilder()
        .setDataType(dev.slipway.serving.v1.DataType.valueOf("DATA_TYPE_" + type.oipName()))
        .addAllShape(shape)
        .setRaw(UnsafeByteOperations.unsafeWrap(data))
        .build();
  }

  private static byte[] whole(InputStream npy, int bytes, String what) throws IOException {
    byte[] read = npy.readNBytes(bytes);
    if (read.length < bytes) {
      throw new ScoringException(
          "the NPY ends within its %s: %,d of %,d bytes".formatted(what, read.length, bytes));
    }
    return read;
  }

  private static Matcher found(Pattern pattern, String header, String what) {
    Matcher matcher = pattern.matcher(header);
    if (!matcher.find()) {
      throw new ScoringException(
          "the header of the NPY lacks %s: %s".formatted(what, header.strip()));
    }
    return matcher;
  }

  private static void reverseElements(byte[] data, int size) {
    for (int at = 0; at < data.length; at += size) {
      for (int i = 0; i < size / 2; i++) {
        byte swapped = data[at + i];
        data[at + i] = data[at + size - 1 - i];
        data[at + size - 1 - i] = swapped;
      }
    }
  }

  /** Returns the elements with the last dimension fastest instead of the first. */
  private static byte[] rowMajor(byte[] data, List<Long> shape, int size) {
    byte[] ordered = new byte[data.length];
    int[] index = new int[shape.size()];
    for (int to = 0; to < data.length; to += size) {
      long from = 0;
      for (int d = index.length - 1; d >= 0; d--) {
        from = from * shape.get(d) + index[d];
      }
      System.arraycopy(data, (int) (from * size), ordered, to, size);
      for (int d = index.length - 1; d >= 0 && ++index[d] == shape.get(d); d--) {
        index[d] = 0;
      }
    }
    return ordered;
  }

  private static void write(Tensor tensor, OutputStream npy) throws IOException {
    DataType type = NestedLists.type(tensor.getDataType());
    String name =
        TYPES.entrySet().stream()
            .filter(entry -> entry.getValue() == type)
            .map(Map.Entry::getKey)
            .findFirst()
            .orElseThrow(
                () ->
                    new ScoringException(
                        "NPY holds no elements of %s, which %s has"
                            .formatted(type, tensor.getName())));
    String shape =
        tensor.getShapeList().stream().map(String::valueOf).collect(Collectors.joining(", "));
    String header =
        "{'descr': '%s%s', 'fortran_order': False, 'shape': (%s%s), }"
            .formatted(
                type.elementSizeBytes() == 1 ? "|" : "<",
                name,
                shape,
                tensor.getShapeCount() == 1 ? "," : "");
    int prefix = MAGIC.length + 2 + Short.BYTES;
    int padded = (prefix + header.length() + 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT - prefix;
    ByteBuffer start = ByteBuffer.allocate(prefix + padded).order(ByteOrder.LITTLE_ENDIAN);
    start.put(MAGIC).put((byte) 1).put((byte) 0).putShort((short) padded);
    start.put(header.getBytes(StandardCharsets.US_ASCII));
    while (start.remaining() > 1) {
      start.put((byte) ' ');
    }
    npy.write(start.put((byte) '\n').array());
    ByteString raw = tensor.getRaw();
    raw.writeTo(npy);
  }
}
