package dev.slipway.engine.json;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.HalfFloats;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;

/**
 * Converts elements of tensors from JSON and to it. Numbers that JSON lacks are the strings {@code
 * "NaN"}, {@code "Infinity"} and {@code "-Infinity"}; strings of bytes are text, or {@code
 * {"base64": ...}} where they are not UTF-8.
 */
public final class JsonElements {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private JsonElements() {}

  /**
   * Appends a number or truth value.
   *
   * @param buffer little-endian, with room for the element
   * @param datatype any but {@link DataType#BYTES}
   * @param where names the value in what is thrown
   * @throws IllegalArgumentException if the value is of another kind, or too large for the type;
   *     floating-point values are rounded
   */
  public static void put(ByteBuffer buffer, DataType datatype, JsonNode value, String where) {
    if (datatype == DataType.BOOL) {
      if (!value.isBoolean()) {
        throw new IllegalArgumentException(where + " must be true or false");
      }
      buffer.put((byte) (value.booleanValue() ? 1 : 0));
    } else if (datatype.isInteger()) {
      putInteger(buffer, datatype, value, where);
    } else {
      putReal(buffer, datatype, real(value, where), where);
    }
  }

  private static void putReal(ByteBuffer buffer, DataType datatype, double number, String where) {
    float single = (float) number;
    double rounded =
        switch (datatype) {
          case FP64 -> number;
          case FP32 -> single;
          case FP16 -> HalfFloats.fp16ToFloat(HalfFloats.floatToFp16(single));
          case BF16 -> HalfFloats.bf16ToFloat(HalfFloats.floatToBf16(single));
          default -> throw new IllegalStateException("not a floating-point type: " + datatype);
        };
    if (Double.isInfinite(rounded) && !Double.isInfinite(number)) {
      throw new IllegalArgumentException(where + " must be a number that fits " + datatype);
    }
    switch (datatype) {
      case FP64 -> buffer.putDouble(number);
      case FP32 -> buffer.putFloat(single);
      case FP16 -> buffer.putShort(HalfFloats.floatToFp16(single));
      default -> buffer.putShort(HalfFloats.floatToBf16(single));
    }
  }

  private static void putInteger(
      ByteBuffer buffer, DataType datatype, JsonNode value, String where) {
    boolean signed = datatype.name().startsWith("INT");
    int bits = datatype.elementSizeBytes() * Byte.SIZE;
    Optional<BigInteger> whole = whole(value);
    BigInteger number = whole.orElse(BigInteger.ZERO);
    if (whole.isEmpty()
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

  /** Returns a whole number; the fraction may be written, as 2.0, when it is nothing. */
  private static Optional<BigInteger> whole(JsonNode value) {
    if (value.isIntegralNumber()) {
      return Optional.of(value.bigIntegerValue());
    }
    double real = value.isNumber() ? value.doubleValue() : Double.NaN;
    return Math.abs(real) < Long.MAX_VALUE && real == Math.rint(real)
        ? Optional.of(BigInteger.valueOf((long) real))
        : Optional.empty();
  }

  private static double real(JsonNode value, String where) {
    if (value.isBigDecimal() && Double.isInfinite(value.doubleValue())) {
      throw new IllegalArgumentException(where + " must be a number that fits FP64");
    }
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

  /**
   * Returns a string of bytes.
   *
   * @throws IllegalArgumentException if it is neither text nor {@code {"base64": ...}}
   */
  public static byte[] readBytes(JsonNode value, String where) {
    if (value.isTextual()) {
      return value.textValue().getBytes(StandardCharsets.UTF_8);
    }
    if (value.path("base64").isTextual()) {
      return Base64.getDecoder().decode(value.path("base64").textValue());
    }
    throw new IllegalArgumentException(where + " must be a string or {\"base64\": ...}");
  }

  /** Takes the next number or truth value out of a little-endian buffer. */
  public static JsonNode next(ByteBuffer buffer, DataType datatype) {
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

  /** Returns a string of bytes as text, or, where it is none, as {@code {"base64": ...}}. */
  public static JsonNode writeBytes(byte[] value) {
    try {
      return NODES.textNode(
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(value)).toString());
    } catch (CharacterCodingException e) {
      return NODES.objectNode().put("base64", Base64.getEncoder().encodeToString(value));
    }
  }
}
