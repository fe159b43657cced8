package dev.slipway.engine.packaging;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.HalfFloats;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** The JSON form of a tensor in golden requests; {@link GoldenRequests} documents it. */
final class TensorJson {

  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private TensorJson() {}

  static Tensor read(JsonNode node, String where) {
    String name = text(node, "name", where);
    String type = text(node, "datatype", where);
    DataType datatype =
        DataType.findByOipName(type)
            .orElseThrow(
                () ->
                    new IllegalArgumentException(where + ".datatype is the unknown type " + type));
    Shape shape = shape(node.path("shape"), where + ".shape");
    JsonNode data = node.path("data");
    if (!data.isArray()) {
      throw new IllegalArgumentException(where + ".data must be a list");
    }
    if (datatype == DataType.BYTES) {
      List<byte[]> values = new ArrayList<>();
      for (int i = 0; i < data.size(); i++) {
        values.add(readBytes(data.get(i), where + ".data[" + i + "]"));
      }
      return Tensor.ofBytes(name, shape, values.toArray(byte[][]::new));
    }
    ByteBuffer buffer =
        ByteBuffer.allocate(Math.multiplyExact(data.size(), datatype.elementSizeBytes()))
            .order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < data.size(); i++) {
      put(buffer, datatype, data.get(i), where + ".data[" + i + "]");
    }
    return Tensor.of(name, datatype, shape, buffer.flip());
  }

  private static String text(JsonNode node, String member, String where) {
    if (!node.path(member).isTextual()) {
      throw new IllegalArgumentException(where + "." + member + " must be a string");
    }
    return node.path(member).textValue();
  }

  private static Shape shape(JsonNode node, String where) {
    List<Long> dimensions = new ArrayList<>();
    for (JsonNode dimension : node) {
      if (!dimension.isIntegralNumber()
          || !dimension.canConvertToLong()
          || dimension.longValue() < 0) {
        throw new IllegalArgumentException(where + " must be a list of whole numbers from 0");
      }
      dimensions.add(dimension.longValue());
    }
    if (!node.isArray()) {
      throw new IllegalArgumentException(where + " must be a list of whole numbers from 0");
    }
    return Shape.of(dimensions);
  }

  private static byte[] readBytes(JsonNode value, String where) {
    if (value.isTextual()) {
      return value.textValue().getBytes(StandardCharsets.UTF_8);
    }
    if (value.path("base64").isTextual()) {
      return Base64.getDecoder().decode(value.path("base64").textValue());
    }
    throw new IllegalArgumentException(where + " must be a string or {\"base64\": ...}");
  }

  private static void put(ByteBuffer buffer, DataType datatype, JsonNode value, String where) {
    if (datatype == DataType.BOOL) {
      if (!value.isBoolean()) {
        throw new IllegalArgumentException(where + " must be true or false");
      }
      buffer.put((byte) (value.booleanValue() ? 1 : 0));
    } else if (datatype.isInteger()) {
      putInteger(buffer, datatype, value, where);
    } else {
      double number = real(value, where);
      switch (datatype) {
        case FP64 -> buffer.putDouble(number);
        case FP32 -> buffer.putFloat((float) number);
        case FP16 -> buffer.putShort(HalfFloats.floatToFp16((float) number));
        case BF16 -> buffer.putShort(HalfFloats.floatToBf16((float) number));
        default -> throw new IllegalStateException("not a floating-point type: " + datatype);
      }
    }
  }

  private static void putInteger(
      ByteBuffer buffer, DataType datatype, JsonNode value, String where) {
    boolean signed = datatype.name().startsWith("INT");
    int bits = datatype.elementSizeBytes() * Byte.SIZE;
    BigInteger number = value.isIntegralNumber() ? value.bigIntegerValue() : null;
    if (number == null
        || (signed
            ? number.bitLength() >= bits
            : number.signum() < 0 || number.bitLength() > bits)) {
      throw new IllegalArgumentException(where + " must be a whole number that fits " + datatype);
    }
    switch (datatype.elementSizeBytes()) {
      case 1 -> buffer.put(number.byteValue());
      case 2 -> buffer.putShort(number.shortValue());
      case 4 -> buffer.putInt(number.intValue());
      default -> buffer.putLong(number.longValue());
    }
  }

  private static double real(JsonNode value, String where) {
    if (value.isNumber()) {
      return value.doubleValue();
    }
    return switch (value.asText()) {
      case "NaN" -> Double.NaN;
      case "Infinity" -> Double.POSITIVE_INFINITY;
      case "-Infinity" -> Double.NEGATIVE_INFINITY;
      default ->
          throw new IllegalArgumentException(
              where + " must be a number, \"NaN\", \"Infinity\" or \"-Infinity\"");
    };
  }

  static ObjectNode write(Tensor tensor) {
    ObjectNode node = NODES.objectNode();
    node.put("name", tensor.name());
    node.put("datatype", tensor.datatype().oipName());
    ArrayNode shape = node.putArray("shape");
    tensor.shape().toList().forEach(shape::add);
    ArrayNode data = node.putArray("data");
    if (tensor.datatype() == DataType.BYTES) {
      for (byte[] value : tensor.toBytes()) {
        data.add(writeBytes(value));
      }
      return node;
    }
    ByteBuffer buffer = tensor.data();
    while (buffer.hasRemaining()) {
      data.add(next(buffer, tensor.datatype()));
    }
    return node;
  }

  private static JsonNode writeBytes(byte[] value) {
    try {
      return NODES.textNode(
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(value)).toString());
    } catch (CharacterCodingException e) {
      return NODES.objectNode().put("base64", Base64.getEncoder().encodeToString(value));
    }
  }

  private static JsonNode next(ByteBuffer buffer, DataType datatype) {
    return switch (datatype) {
      case BOOL -> NODES.booleanNode(buffer.get() != 0);
      case INT8 -> NODES.numberNode(buffer.get());
      case UINT8 -> NODES.numberNode(Byte.toUnsignedInt(buffer.get()));
      case INT16 -> NODES.numberNode(buffer.getShort());
      case UINT16 -> NODES.numberNode(Short.toUnsignedInt(buffer.getShort()));
      case INT32 -> NODES.numberNode(buffer.getInt());
      case UINT32 -> NODES.numberNode(Integer.toUnsignedLong(buffer.getInt()));
      case INT64 -> NODES.numberNode(buffer.getLong());
      case UINT64 -> NODES.numberNode(new BigInteger(Long.toUnsignedString(buffer.getLong())));
      case FP16 -> real(HalfFloats.fp16ToFloat(buffer.getShort()));
      case BF16 -> real(HalfFloats.bf16ToFloat(buffer.getShort()));
      case FP32 -> real(buffer.getFloat());
      case FP64 -> {
        double value = buffer.getDouble();
        yield Double.isFinite(value)
            ? NODES.numberNode(value)
            : NODES.textNode(Double.toString(value));
      }
      case BYTES -> throw new IllegalStateException("BYTES has no fixed element");
    };
  }

  private static JsonNode real(float value) {
    return Float.isFinite(value) ? NODES.numberNode(value) : NODES.textNode(Float.toString(value));
  }
}
