package dev.slipway.gateway.inference;

import com.fasterxml.jackson.core.JsonGenerator;
import com.google.protobuf.ByteString;
import dev.slipway.engine.tensor.DataType;
import io.javalin.http.HttpResponseException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Writes the elements of an output as one flat list of JSON. */
final class JsonOutput {
  private JsonOutput() {}

  /**
   * Checks that every element has a form in JSON: it is no half-precision number, no NaN, not
   * infinite, and UTF-8 where it is text.
   *
   * @throws HttpResponseException if one has none
   */
  static void check(String output, DataType type, ByteString elements) {
    ByteBuffer bytes = buffer(elements);
    boolean good =
        switch (type) {
          case FP16, BF16 -> false;
          case FP32 -> {
            boolean finite = true;
            while (finite && bytes.hasRemaining()) {
              finite = Float.isFinite(bytes.getFloat());
            }
            yield finite;
          }
          case FP64 -> {
            boolean finite = true;
            while (finite && bytes.hasRemaining()) {
              finite = Double.isFinite(bytes.getDouble());
            }
            yield finite;
          }
          case BYTES -> {
            boolean text = true;
            while (text && bytes.hasRemaining()) {
              text = isText(next(bytes));
            }
            yield text;
          }
          default -> true;
        };
    if (!good) {
      throw InferenceErrors.malformed(
          "outputs[%s]: %s; ask for it with the parameter binary_data"
              .formatted(output, obstacle(type)));
    }
  }

  private static String obstacle(DataType type) {
    return switch (type) {
      case FP32, FP64 -> "holds NaN or an infinity, for which JSON has no numbers";
      case BYTES -> "holds bytes that are no UTF-8 text";
      default -> type + " has no form in JSON";
    };
  }

  private static boolean isText(ByteBuffer bytes) {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(bytes);
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }

  /** Writes elements that have been checked. */
  static void write(JsonGenerator json, DataType type, ByteString elements) throws IOException {
    ByteBuffer bytes = buffer(elements);
    json.writeStartArray();
    while (bytes.hasRemaining()) {
      switch (type) {
        case BOOL -> json.writeBoolean(bytes.get() != 0);
        case INT8 -> json.writeNumber(bytes.get());
        case UINT8 -> json.writeNumber(Byte.toUnsignedInt(bytes.get()));
        case INT16 -> json.writeNumber(bytes.getShort());
        case UINT16 -> json.writeNumber(Short.toUnsignedInt(bytes.getShort()));
        case INT32 -> json.writeNumber(bytes.getInt());
        case UINT32 -> json.writeNumber(Integer.toUnsignedLong(bytes.getInt()));
        case INT64 -> json.writeNumber(bytes.getLong());
        case UINT64 -> JsonAnswers.writeUnsigned(json, bytes.getLong());
        case FP32 -> json.writeNumber(bytes.getFloat());
        case FP64 -> json.writeNumber(bytes.getDouble());
        case BYTES -> json.writeString(StandardCharsets.UTF_8.decode(next(bytes)).toString());
        case FP16, BF16 -> throw new IllegalStateException(type + " has no form in JSON");
      }
    }
    json.writeEndArray();
  }

  private static ByteBuffer buffer(ByteString elements) {
    return elements.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Takes one element of BYTES. */
  private static ByteBuffer next(ByteBuffer bytes) {
    int length = bytes.getInt();
    ByteBuffer element = bytes.slice(bytes.position(), length);
    bytes.position(bytes.position() + length);
    return element;
  }
}
