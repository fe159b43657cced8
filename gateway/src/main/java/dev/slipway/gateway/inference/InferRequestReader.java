package dev.slipway.gateway.inference;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import dev.slipway.gateway.http.JsonFaults;
import dev.slipway.inference.InferParameter;
import dev.slipway.inference.ModelInferRequest;
import dev.slipway.inference.ModelInferRequest.InferRequestedOutputTensor;
import dev.slipway.runtime.error.Violations;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/**
 * Reads one request to infer: JSON, and behind it the bytes of those inputs that say how many are
 * theirs, in the order of the inputs. Used once, by one thread.
 */
final class InferRequestReader {
  private static final String BINARY = "binary_data";
  private static final String BINARY_OUTPUTS = "binary_data_output";

  private final byte[] body;
  private final int jsonBytes;
  private final BinaryParts parts;
  private final Violations violations = new Violations();
  private final ModelInferRequest.Builder request;
  private final Map<String, Boolean> binaryByName = new HashMap<>();
  private boolean binaryByDefault;

  /**
   * Creates a reader.
   *
   * @param body must not change any more
   * @param jsonBytes how many bytes of the body are JSON
   */
  InferRequestReader(ModelPath path, byte[] body, int jsonBytes) {
    this.body = body;
    this.jsonBytes = jsonBytes;
    this.parts = new BinaryParts(body, jsonBytes);
    this.request =
        ModelInferRequest.newBuilder().setModelName(path.model()).setModelVersion(path.version());
  }

  /**
   * Returns the request.
   *
   * @throws dev.slipway.runtime.error.InvalidRequestException with all that is wrong with it
   * @throws io.javalin.http.HttpResponseException if it is not JSON
   */
  InferRequest read() throws IOException {
    try (JsonParser json = JsonFields.parser(body, jsonBytes)) {
      if (json.nextToken() == null) {
        throw InferenceErrors.malformed("The request body must be a JSON object");
      }
      JsonFields fields = new JsonFields(json, violations);
      fields.fields("", (name, path) -> read(name, json, fields));
      if (json.nextToken() != null) {
        throw InferenceErrors.malformed(
            "The JSON of the request ends before it should; what follows it must be told by "
                + InferEndpoint.JSON_LENGTH);
      }
    } catch (JsonProcessingException e) {
      throw InferenceErrors.malformed(JsonFaults.describe(e));
    }
    if (violations.isEmpty()) {
      requireWhole();
    }
    violations.throwIfAny();
    return new InferRequest(request.build(), new BinaryOutputs(binaryByDefault, binaryByName));
  }

  private void requireWhole() {
    if (request.getInputsCount() == 0) {
      violations.addMissing("inputs");
    }
    if (parts.left() > 0) {
      violations.add("body", "has " + parts.left() + " bytes at its end that no input takes");
    }
  }

  private void read(String name, JsonParser json, JsonFields fields) throws IOException {
    switch (name) {
      case "id" -> request.setId(fields.text(name));
      case "parameters" -> {
        Map<String, InferParameter> parameters = fields.parameters(name);
        binaryByDefault = flag(parameters.remove(BINARY_OUTPUTS), name, BINARY_OUTPUTS);
        request.putAllParameters(parameters);
      }
      case "inputs" ->
          fields.elements(
              name,
              (position, path) -> {
                InferInputReader input = new InferInputReader(json, fields, parts, violations);
                input.read(path);
                request.addRawInputContents(input.contents(path)).addInputs(input.tensor());
              });
      case "outputs" -> fields.elements(name, (position, path) -> readOutput(path, json, fields));
      default -> json.skipChildren();
    }
  }

  private void readOutput(String path, JsonParser json, JsonFields fields) throws IOException {
    InferRequestedOutputTensor.Builder output = InferRequestedOutputTensor.newBuilder();
    fields.fields(
        path,
        (name, field) -> {
          switch (name) {
            case "name" -> output.setName(fields.text(field));
            case "parameters" -> output.putAllParameters(fields.parameters(field));
            default -> json.skipChildren();
          }
        });
    if (output.getName().isEmpty()) {
      violations.addMissing(path + ".name");
    }
    InferParameter binary = output.getParametersMap().get(BINARY);
    if (binary != null) {
      binaryByName.put(output.getName(), flag(binary, path + ".parameters", BINARY));
      output.removeParameters(BINARY);
    }
    request.addOutputs(output);
  }

  /** Returns a truth value, false when there is none. */
  private boolean flag(InferParameter parameter, String path, String name) {
    if (parameter != null && !parameter.hasBoolParam()) {
      violations.add(path + "[" + name + "]", "must be true or false");
    }
    return parameter != null && parameter.getBoolParam();
  }
}
