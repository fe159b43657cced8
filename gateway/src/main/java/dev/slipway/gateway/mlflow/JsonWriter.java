package dev.slipway.gateway.mlflow;

import com.fasterxml.jackson.core.JsonGenerator;
import com.google.protobuf.Timestamp;
import java.io.IOException;
import java.util.List;

/** Writes what all messages of MLflow share. Empty lists are left out, as MLflow does. */
final class JsonWriter {
  private JsonWriter() {}

  /** Writes one element of a list. */
  @FunctionalInterface
  interface ElementWriter<T> {
    void write(JsonGenerator json, T element) throws IOException;
  }

  static <T> void list(JsonGenerator json, String name, List<T> elements, ElementWriter<T> writer)
      throws IOException {
    if (elements.isEmpty()) {
      return;
    }
    json.writeArrayFieldStart(name);
    for (T element : elements) {
      writer.write(json, element);
    }
    json.writeEndArray();
  }

  static void pair(JsonGenerator json, String key, String value) throws IOException {
    json.writeStartObject();
    json.writeStringField("key", key);
    json.writeStringField("value", value);
    json.writeEndObject();
  }

  static void millis(JsonGenerator json, String name, Timestamp time) throws IOException {
    json.writeNumberField(name, Times.toMillis(time));
  }

  /** Writes a double; JSON has no number for NaN and the infinities, so they are strings. */
  static void number(JsonGenerator json, String name, double value) throws IOException {
    if (Double.isFinite(value)) {
      json.writeNumberField(name, value);
    } else {
      json.writeStringField(name, Double.toString(value));
    }
  }

  /** Writes a text unless it is empty. */
  static void optionalText(JsonGenerator json, String name, String text) throws IOException {
    if (!text.isEmpty()) {
      json.writeStringField(name, text);
    }
  }

  static void nextPage(JsonGenerator json, String token) throws IOException {
    optionalText(json, "next_page_token", token);
  }
}
