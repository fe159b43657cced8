package dev.slipway.gateway.inference;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonParser.NumberType;
import com.fasterxml.jackson.core.JsonToken;
import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.slipway.engine.tensor.DataType;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Holds the elements of a tensor that came as JSON, flat or in lists nested like its shape, in the
 * layout of bytes. Not thread-safe.
 */
final class JsonInput {
  private static final int FIRST_BYTES = 256;
  private static final int BITS_OF_UINT64 = 64;
  private static final long UNKNOWN = -1;

  private final DataType type;

  /** Length of the lists of each depth. */
  private final List<Long> lengths = new ArrayList<>();

  private ByteBuffer bytes = ByteBuffer.allocate(FIRST_BYTES).order(ByteOrder.LITTLE_ENDIAN);
  private long count;
  private int depthOfElements = (int) UNKNOWN;
  private String problem = "";

  private JsonInput(DataType type) {
    this.type = type;
  }

  /**
   * Reads the value that the parser is at; empty if the datatype is unknown.
   *
   * @throws com.fasterxml.jackson.core.JsonProcessingException if it is not JSON
   */
  static Optional<JsonInput> read(JsonParser json, String datatype) throws IOException {
    Optional<JsonInput> tensor = DataType.findByOipName(datatype).map(JsonInput::new);
    if (tensor.isEmpty()) {
      json.skipChildren();
    } else {
      tensor.get().read(json);
    }
    return tensor;
  }

  private void read(JsonParser json) throws IOException {
    if (type == DataType.FP16 || type == DataType.BF16) {
      problem = type + " has no form in JSON; send it as binary data";
      json.skipChildren();
    } else if (json.currentToken() == JsonToken.START_ARRAY) {
      readList(json, 0);
    } else {
      problem = "must be a list";
      json.skipChildren();
    }
  }

  private void readList(JsonParser json, int depth) throws IOException {
    if (depth == lengths.size()) {
      lengths.add(UNKNOWN);
    }
    long length = 0;
    for (JsonToken token = json.nextToken();
        token != JsonToken.END_ARRAY;
        token = json.nextToken()) {
      if (token == JsonToken.START_ARRAY) {
        readList(json, depth + 1);
      } else {
        readElement(json, token);
        agree(depthOfElements == UNKNOWN || depthOfElements == depth);
        depthOfElements = depth;
      }
      length++;
    }
    agree(lengths.get(depth) == UNKNOWN || lengths.get(depth) == length);
    lengths.set(depth, length);
  }

  private void agree(boolean agrees) {
    if (!agrees) {
      note("lists of one depth differ in length, or in whether they hold lists or elements");
    }
  }

  private void note(String found) {
    if (problem.isEmpty()) {
      problem = found;
    }
  }

  private void readElement(JsonParser json, JsonToken token) throws IOException {
    boolean good =
        switch (type) {
          case BOOL -> readBoolean(token);
          case FP32, FP64 -> readReal(json, token);
          case UINT64 -> readUnsignedLong(json, token);
          case BYTES -> readText(json, token);
          default -> readInteger(json, token);
        };
    if (!good) {
      note("element " + count + ", counted from 0, must be " + wanted());
      json.skipChildren();
    }
    count++;
  }

  private String wanted() {
    return switch (type) {
      case BOOL -> "true or false";
      case BYTES -> "text";
      case FP32, FP64 -> "a number that fits " + type;
      default -> "a whole number that fits " + type;
    };
  }

  private boolean readBoolean(JsonToken token) {
    room(Byte.BYTES).put((byte) (token == JsonToken.VALUE_TRUE ? 1 : 0));
    return token.isBoolean();
  }

  private boolean readReal(JsonParser json, JsonToken token) throws IOException {
    if (!token.isNumeric()) {
      return false;
    }
    if (type == DataType.FP32) {
      float value = json.getFloatValue();
      room(Float.BYTES).putFloat(value);
      return Float.isFinite(value);
    }
    double value = json.getDoubleValue();
    room(Double.BYTES).putDouble(value);
    return Double.isFinite(value);
  }

  private boolean readInteger(JsonParser json, JsonToken token) throws IOException {
    if (token != JsonToken.VALUE_NUMBER_INT || json.getNumberType() == NumberType.BIG_INTEGER) {
      return false;
    }
    long value = json.getLongValue();
    ByteBuffer buffer = room(Long.BYTES);
    return switch (type) {
      case INT8 -> {
        buffer.put((byte) value);
        yield value == (byte) value;
      }
      case UINT8 -> {
        buffer.put((byte) value);
        yield value == Byte.toUnsignedLong((byte) value);
      }
      case INT16 -> {
        buffer.putShort((short) value);
        yield value == (short) value;
      }
      case UINT16 -> {
        buffer.putShort((short) value);
        yield value == Short.toUnsignedLong((short) value);
      }
      case INT32 -> {
        buffer.putInt((int) value);
        yield value == (int) value;
      }
      case UINT32 -> {
        buffer.putInt((int) value);
        yield value == Integer.toUnsignedLong((int) value);
      }
      case INT64 -> {
        buffer.putLong(value);
        yield true;
      }
      default -> throw new IllegalStateException("no integer: " + type);
    };
  }

  private boolean readUnsignedLong(JsonParser json, JsonToken token) throws IOException {
    if (token != JsonToken.VALUE_NUMBER_INT) {
      return false;
    }
    BigInteger value = json.getBigIntegerValue();
    room(Long.BYTES).putLong(value.longValue());
    return value.signum() >= 0 && value.bitLength() <= BITS_OF_UINT64;
  }

  private boolean readText(JsonParser json, JsonToken token) throws IOException {
    if (token != JsonToken.VALUE_STRING) {
      return false;
    }
    byte[] text = json.getText().getBytes(StandardCharsets.UTF_8);
    room(Integer.BYTES + text.length).putInt(text.length).put(text);
    return true;
  }

  private ByteBuffer room(int wanted) {
    if (bytes.remaining() < wanted) {
      int size = Math.max(Math.addExact(bytes.position(), wanted), bytes.capacity() * 2);
      bytes = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN).put(bytes.flip());
    }
    return bytes;
  }

  /** Returns the elements; nobody may change them. */
  ByteString bytes() {
    return UnsafeByteOperations.unsafeWrap(bytes.duplicate().flip());
  }

  /** Returns why these are not the elements of a tensor of a shape; empty when they are. */
  Optional<String> problem(List<Long> shape) {
    if (!problem.isEmpty()) {
      return Optional.of(problem);
    }
    if (!fills(shape) || (lengths.size() > 1 && !lengths.equals(shape))) {
      return Optional.of(
          "has %d elements in lists of lengths %s, which is not the shape %s"
              .formatted(count, lengths, shape));
    }
    return Optional.empty();
  }

  /** A shape that no tensor has is for the service to refuse, and so counts as filled. */
  private boolean fills(List<Long> shape) {
    long product = 1;
    for (long size : shape) {
      if (size < 0 || Math.multiplyHigh(product, size) != 0 || product * size < 0) {
        return true;
      }
      product *= size;
    }
    return product == count;
  }
}
