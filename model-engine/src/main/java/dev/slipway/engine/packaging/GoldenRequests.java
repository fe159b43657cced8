package dev.slipway.engine.packaging;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.engine.error.EngineException;
import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.tensor.Tensor;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Requests with known answers that travel with a model: they warm it up, gate its promotion and
 * show drift.
 *
 * <p>The file has one JSON object per line: {@code {"name", "inputs": [{"name", "datatype",
 * "shape", "data"}], "parameters"?, "outputs": [...], "atol"?, "rtol"?}}; blank lines are skipped,
 * tolerances default to 0. {@code data} is flat in row-major order: numbers, with {@code "NaN"},
 * {@code "Infinity"} and {@code "-Infinity"} as strings; true and false; for {@code BYTES} a
 * string, or {@code {"base64": ...}} where the bytes are not UTF-8.
 *
 * @param cases each name once
 */
public record GoldenRequests(List<GoldenCase> cases) {

  /** The name of the file in a package. */
  public static final String FILE_NAME = "golden_requests.jsonl";

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /**
   * Copies the list.
   *
   * @throws IllegalArgumentException if a name appears twice
   */
  public GoldenRequests {
    cases = List.copyOf(cases);
    if (cases.stream().map(GoldenCase::name).distinct().count() != cases.size()) {
      throw new IllegalArgumentException("two golden requests have the same name");
    }
  }

  /** Returns no requests. */
  public static GoldenRequests none() {
    return new GoldenRequests(List.of());
  }

  /** Returns these requests. */
  public static GoldenRequests of(GoldenCase... cases) {
    return new GoldenRequests(List.of(cases));
  }

  /**
   * Reads a file.
   *
   * @throws ModelPackageException if it cannot be read or a line is malformed; the message names
   *     the line and field
   */
  public static GoldenRequests read(Path file) {
    List<GoldenCase> cases = new ArrayList<>();
    int number = 0;
    try (BufferedReader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        number++;
        if (!line.isBlank()) {
          cases.add(readCase(line, FILE_NAME + ":" + number));
        }
      }
      return new GoldenRequests(cases);
    } catch (IOException e) {
      throw new ModelPackageException(
          "cannot read " + FILE_NAME + " after line " + number + ": " + e, e);
    } catch (IllegalArgumentException e) {
      throw new ModelPackageException(FILE_NAME + ": " + e.getMessage(), e);
    }
  }

  private static GoldenCase readCase(String line, String where) {
    try {
      JsonNode node = JSON.readTree(line);
      if (!node.isObject()) {
        throw new IllegalArgumentException("a line must be a JSON object");
      }
      return new GoldenCase(
          node.path("name").asText(),
          readTensors(node.path("inputs"), "inputs"),
          readParameters(node.path("parameters")),
          readTensors(node.path("outputs"), "outputs"),
          node.path("atol").asDouble(),
          node.path("rtol").asDouble());
    } catch (JsonProcessingException e) {
      throw new ModelPackageException(where + " is not JSON: " + e.getOriginalMessage(), e);
    } catch (IllegalArgumentException | EngineException e) {
      throw new ModelPackageException(where + ": " + e.getMessage(), e);
    }
  }

  private static List<Tensor> readTensors(JsonNode array, String field) {
    if (!array.isArray()) {
      throw new IllegalArgumentException(field + " must be a list of tensors");
    }
    List<Tensor> tensors = new ArrayList<>();
    for (int i = 0; i < array.size(); i++) {
      tensors.add(TensorJson.read(array.get(i), field + "[" + i + "]"));
    }
    return tensors;
  }

  private static Map<String, Object> readParameters(JsonNode node) {
    Map<String, Object> parameters = new LinkedHashMap<>();
    if (node.isMissingNode() || node.isNull()) {
      return parameters;
    }
    if (!node.isObject()) {
      throw new IllegalArgumentException("parameters must be an object");
    }
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      parameters.put(entry.getKey(), readParameter(entry.getKey(), entry.getValue()));
    }
    return parameters;
  }

  private static Object readParameter(String name, JsonNode value) {
    if (value.isBoolean()) {
      return value.booleanValue();
    }
    if (value.isIntegralNumber() && value.canConvertToLong()) {
      return value.longValue();
    }
    if (value.isNumber()) {
      return value.doubleValue();
    }
    if (value.isTextual()) {
      return value.textValue();
    }
    if (value.isArray()) {
      List<Object> list = new ArrayList<>();
      value.forEach(element -> list.add(readParameter(name, element)));
      return List.copyOf(list);
    }
    throw new IllegalArgumentException(
        "parameters." + name + " must be a boolean, a number, a string or a list of them");
  }

  /**
   * Writes a file, replacing one that is there.
   *
   * @throws ModelPackageException if it cannot be written
   */
  public void write(Path file) {
    try (Writer writer = Files.newBufferedWriter(file, StandardCharsets.UTF_8)) {
      for (GoldenCase golden : cases) {
        writer.write(JSON.writeValueAsString(toJson(golden)));
        writer.write('\n');
      }
    } catch (IOException e) {
      throw new ModelPackageException("cannot write " + FILE_NAME + ": " + e, e);
    }
  }

  private static ObjectNode toJson(GoldenCase golden) {
    ObjectNode node = JSON.createObjectNode();
    node.put("name", golden.name());
    golden.inputs().forEach(tensor -> node.withArray("inputs").add(TensorJson.write(tensor)));
    if (!golden.parameters().isEmpty()) {
      node.set("parameters", JSON.valueToTree(golden.parameters()));
    }
    golden.outputs().forEach(tensor -> node.withArray("outputs").add(TensorJson.write(tensor)));
    node.put("atol", golden.atol());
    node.put("rtol", golden.rtol());
    return node;
  }
}
