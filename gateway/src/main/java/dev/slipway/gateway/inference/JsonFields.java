package dev.slipway.gateway.inference;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonParser.NumberType;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import dev.slipway.inference.InferParameter;
import dev.slipway.runtime.error.Violations;
import java.io.IOException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the values of a request as they come, and notes those that are of the wrong kind. A value
 * that is null counts as absent. Not thread-safe.
 */
final class JsonFields {
  private static final int BITS_OF_UINT64 = 64;

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          // A text may be as long as the body, which is bounded.
          .streamReadConstraints(
              StreamReadConstraints.builder().maxStringLength(Integer.MAX_VALUE).build())
          .build();

  private final JsonParser json;
  private final Violations violations;

  /** Reads one field; the parser is at its value, and behind it afterwards. */
  @FunctionalInterface
  interface FieldReader {
    void read(String name, String path) throws IOException;
  }

  JsonFields(JsonParser json, Violations violations) {
    this.json = json;
    this.violations = violations;
  }

  static JsonParser parser(byte[] body, int jsonBytes) throws IOException {
    return FACTORY.createParser(body, 0, jsonBytes);
  }

  /** Reads the fields of the object that the parser is at, save those that are null. */
  void fields(String path, FieldReader reader) throws IOException {
    if (!isAt(JsonToken.START_OBJECT, path, "must be an object")) {
      return;
    }
    while (json.nextToken() != JsonToken.END_OBJECT) {
      String name = json.currentName();
      if (json.nextToken() != JsonToken.VALUE_NULL) {
        reader.read(name, path.isEmpty() ? name : path + "." + name);
      }
    }
  }

  /** Reads the elements of the list that the parser is at; their names are their positions. */
  void elements(String path, FieldReader reader) throws IOException {
    if (!isAt(JsonToken.START_ARRAY, path, "must be a list")) {
      return;
    }
    for (int i = 0; json.nextToken() != JsonToken.END_ARRAY; i++) {
      reader.read(Integer.toString(i), path + "[" + i + "]");
    }
  }

  /** Returns a text, empty when it is none. */
  String text(String path) throws IOException {
    return isAt(JsonToken.VALUE_STRING, path, "must be text") ? json.getText() : "";
  }

  /** Returns a list of whole numbers, without what is none. */
  List<Long> numbers(String path) throws IOException {
    List<Long> numbers = new ArrayList<>();
    elements(
        path,
        (position, element) -> {
          if (isAt(JsonToken.VALUE_NUMBER_INT, element, "must be a whole number")) {
            if (json.getNumberType() == NumberType.BIG_INTEGER) {
              violations.add(element, "is too large");
            } else {
              numbers.add(json.getLongValue());
            }
          }
        });
    return numbers;
  }

  /** Returns parameters, without what is none. */
  Map<String, InferParameter> parameters(String path) throws IOException {
    Map<String, InferParameter> parameters = new LinkedHashMap<>();
    fields(path, (name, field) -> parameters.put(name, parameter(path + "[" + name + "]")));
    return parameters;
  }

  private InferParameter parameter(String path) throws IOException {
    InferParameter.Builder parameter = InferParameter.newBuilder();
    switch (json.currentToken()) {
      case VALUE_TRUE, VALUE_FALSE -> parameter.setBoolParam(json.getBooleanValue());
      case VALUE_STRING -> parameter.setStringParam(json.getText());
      case VALUE_NUMBER_FLOAT -> parameter.setDoubleParam(json.getDoubleValue());
      case VALUE_NUMBER_INT -> {
        BigInteger number = json.getBigIntegerValue();
        if (number.bitLength() < BITS_OF_UINT64) {
          parameter.setInt64Param(number.longValue());
        } else if (number.bitLength() == BITS_OF_UINT64 && number.signum() > 0) {
          parameter.setUint64Param(number.longValue());
        } else {
          violations.add(path, "has more than 64 bits");
        }
      }
      default -> {
        violations.add(path, "must be text, a number or a truth value");
        json.skipChildren();
      }
    }
    return parameter.build();
  }

  /** Tells whether the parser is at a value of a kind; if not, notes that and passes it over. */
  private boolean isAt(JsonToken kind, String path, String otherwise) throws IOException {
    if (json.currentToken() == kind) {
      return true;
    }
    violations.add(path.isEmpty() ? "body" : path, otherwise);
    json.skipChildren();
    return false;
  }
}
