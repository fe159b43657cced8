package dev.slipway.gateway.inference;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import io.javalin.http.Context;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigInteger;
import java.util.Base64;
import java.util.List;

/**
 * Writes messages of the protocol as JSON, the way Triton does: fields under their own names, those
 * of no value included, and 64-bit numbers as numbers, where protobuf's own JSON has text.
 */
final class JsonAnswers {
  /** The type of a body that is JSON. */
  static final String JSON = "application/json";

  private static final JsonFactory FACTORY = new JsonFactory();

  private JsonAnswers() {}

  /** Returns a generator; closing it closes the stream. */
  static JsonGenerator open(OutputStream out) throws IOException {
    return FACTORY.createGenerator(out);
  }

  /** Answers a request with a message. */
  static void answer(Context context, Message message) throws IOException {
    context.contentType(JSON);
    try (JsonGenerator json = open(context.outputStream())) {
      write(json, message);
    }
  }

  /** Writes a message as an object. */
  static void write(JsonGenerator json, Message message) throws IOException {
    json.writeStartObject();
    for (FieldDescriptor field : message.getDescriptorForType().getFields()) {
      if (!field.hasPresence() || message.hasField(field)) {
        json.writeFieldName(field.getName());
        writeField(json, field, message.getField(field));
      }
    }
    json.writeEndObject();
  }

  private static void writeField(JsonGenerator json, FieldDescriptor field, Object value)
      throws IOException {
    if (!field.isRepeated()) {
      writeValue(json, field, value);
      return;
    }
    List<?> values = (List<?>) value;
    if (field.isMapField()) {
      writeMap(json, field, values);
      return;
    }
    json.writeStartArray();
    for (Object element : values) {
      writeValue(json, field, element);
    }
    json.writeEndArray();
  }

  private static void writeMap(JsonGenerator json, FieldDescriptor field, List<?> entries)
      throws IOException {
    FieldDescriptor key = field.getMessageType().findFieldByNumber(1);
    FieldDescriptor value = field.getMessageType().findFieldByNumber(2);
    json.writeStartObject();
    for (Object entry : entries) {
      Message pair = (Message) entry;
      json.writeFieldName(pair.getField(key).toString());
      writeValue(json, value, pair.getField(value));
    }
    json.writeEndObject();
  }

  private static void writeValue(JsonGenerator json, FieldDescriptor field, Object value)
      throws IOException {
    switch (field.getType()) {
      case BOOL -> json.writeBoolean((boolean) value);
      case INT32 -> json.writeNumber((int) value);
      case UINT32 -> json.writeNumber(Integer.toUnsignedLong((int) value));
      case INT64 -> json.writeNumber((long) value);
      case UINT64 -> writeUnsigned(json, (long) value);
      case DOUBLE -> json.writeNumber((double) value);
      case STRING -> json.writeString((String) value);
      case BYTES ->
          json.writeString(Base64.getEncoder().encodeToString(((ByteString) value).toByteArray()));
      case ENUM -> json.writeString(((EnumValueDescriptor) value).getName());
      case MESSAGE -> write(json, (Message) value);
      default -> throw new IllegalStateException("the protocol has no " + field.getType());
    }
  }

  /** Writes the 64 bits of a number that has no sign. */
  static void writeUnsigned(JsonGenerator json, long value) throws IOException {
    if (value >= 0) {
      json.writeNumber(value);
    } else {
      json.writeNumber(new BigInteger(Long.toUnsignedString(value)));
    }
  }
}
