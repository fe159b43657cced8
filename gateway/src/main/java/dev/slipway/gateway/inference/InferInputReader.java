package dev.slipway.gateway.inference;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.util.TokenBuffer;
import com.google.protobuf.ByteString;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.inference.InferParameter;
import dev.slipway.inference.ModelInferRequest.InferInputTensor;
import dev.slipway.runtime.error.Violations;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads one input tensor, whether its elements are JSON or bytes. Used once, by one thread. */
final class InferInputReader {
  private static final String BINARY_SIZE = "binary_data_size";
  private static final String SHARED_MEMORY = "shared_memory_region";

  private final JsonParser json;
  private final JsonFields fields;
  private final BinaryParts parts;
  private final Violations violations;

  private String name = "";
  private String datatype = "";
  private List<Long> shape = List.of();
  private boolean shaped;
  private Map<String, InferParameter> parameters = Map.of();
  private Optional<JsonInput> data = Optional.empty();
  private Optional<TokenBuffer> untypedData = Optional.empty();

  InferInputReader(JsonParser json, JsonFields fields, BinaryParts parts, Violations violations) {
    this.json = json;
    this.fields = fields;
    this.parts = parts;
    this.violations = violations;
  }

  /** Reads the object that the parser is at. */
  void read(String path) throws IOException {
    fields.fields(path, this::readField);
    if (name.isEmpty()) {
      violations.addMissing(path + ".name");
    }
    if (!shaped) {
      violations.addMissing(path + ".shape");
    }
    if (untypedData.isPresent()) {
      try (JsonParser later = untypedData.get().asParserOnFirstToken()) {
        data = JsonInput.read(later, datatype);
      }
    }
  }

  private void readField(String field, String path) throws IOException {
    switch (field) {
      case "name" -> name = fields.text(path);
      case "datatype" -> datatype = fields.text(path);
      case "shape" -> {
        shape = fields.numbers(path);
        shaped = true;
      }
      case "parameters" -> parameters = fields.parameters(path);
      case "data" -> {
        if (datatype.isEmpty()) {
          // What tells the type of the elements may come behind them.
          TokenBuffer buffer = new TokenBuffer(json);
          buffer.copyCurrentStructure(json);
          untypedData = Optional.of(buffer);
        } else {
          data = JsonInput.read(json, datatype);
        }
      }
      default -> json.skipChildren();
    }
  }

  /** Returns what describes the tensor. */
  InferInputTensor tensor() {
    InferInputTensor.Builder tensor =
        InferInputTensor.newBuilder().setName(name).setDatatype(datatype).addAllShape(shape);
    parameters.forEach(
        (key, value) -> {
          if (!key.equals(BINARY_SIZE)) {
            tensor.putParameters(key, value);
          }
        });
    return tensor.build();
  }

  /** Returns the elements as bytes; takes them from behind the JSON when they are there. */
  ByteString contents(String path) {
    boolean hasData = data.isPresent() || untypedData.isPresent();
    if (DataType.findByOipName(datatype).isEmpty()) {
      violations.add(path + ".datatype", "\"" + datatype + "\" is no datatype");
    }
    InferParameter size = parameters.get(BINARY_SIZE);
    if (size != null) {
      if (hasData) {
        violations.add(path + ".data", "must be absent beside the parameter " + BINARY_SIZE);
      }
      return binary(path, size);
    }
    if (data.isPresent()) {
      data.get().problem(shape).ifPresent(problem -> violations.add(path + ".data", problem));
      return data.get().bytes();
    }
    if (!hasData && !parameters.containsKey(SHARED_MEMORY)) {
      violations.addMissing(path + ".data");
    }
    return ByteString.EMPTY;
  }

  private ByteString binary(String path, InferParameter size) {
    Optional<ByteString> part =
        size.hasInt64Param() ? parts.take(size.getInt64Param()) : Optional.empty();
    if (part.isEmpty()) {
      violations.add(
          path + ".parameters[" + BINARY_SIZE + "]",
          "must be a number of bytes, of which %d are left behind the JSON; its length is told by %s"
              .formatted(parts.left(), InferEndpoint.JSON_LENGTH));
    }
    return part.orElse(ByteString.EMPTY);
  }
}
