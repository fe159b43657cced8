package dev.slipway.gateway.inference;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.slipway.gateway.http.JsonFaults;
import dev.slipway.gateway.http.RequestBody;
import dev.slipway.gateway.upstream.Services;
import dev.slipway.inference.ModelRepositoryParameter;
import dev.slipway.inference.RepositoryIndexRequest;
import dev.slipway.inference.RepositoryIndexResponse;
import dev.slipway.inference.RepositoryIndexResponse.ModelIndex;
import dev.slipway.inference.RepositoryModelLoadRequest;
import dev.slipway.inference.RepositoryModelUnloadRequest;
import dev.slipway.runtime.error.Violations;
import io.javalin.http.Context;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/** Lists, loads and unloads models. Thread-safe. */
final class RepositoryEndpoints {
  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  private final Services services;
  private final int maxBodyBytes;

  RepositoryEndpoints(Services services, int maxBodyBytes) {
    this.services = services;
    this.maxBodyBytes = maxBodyBytes;
  }

  void index(Context context) throws IOException {
    JsonNode ready = body(context).path("ready");
    if (!ready.isBoolean() && !ready.isMissingNode() && !ready.isNull()) {
      throw InferenceErrors.malformed("ready: must be true or false");
    }
    RepositoryIndexResponse index = index(ready.asBoolean());
    context.contentType(JsonAnswers.JSON);
    try (JsonGenerator json = JsonAnswers.open(context.outputStream())) {
      json.writeStartArray();
      for (ModelIndex model : index.getModelsList()) {
        JsonAnswers.write(json, model);
      }
      json.writeEndArray();
    }
  }

  void names(Context context) throws IOException {
    SortedSet<String> names = new TreeSet<>();
    index(false).getModelsList().forEach(model -> names.add(model.getName()));
    context.contentType(JsonAnswers.JSON);
    try (JsonGenerator json = JsonAnswers.open(context.outputStream())) {
      json.writeStartObject();
      json.writeArrayFieldStart("models");
      for (String name : names) {
        json.writeString(name);
      }
      json.writeEndArray();
      json.writeEndObject();
    }
  }

  private RepositoryIndexResponse index(boolean readyOnly) {
    return services
        .inference()
        .repositoryIndex(RepositoryIndexRequest.newBuilder().setReady(readyOnly).build());
  }

  /** Answers nothing but that it is done. */
  void load(Context context) throws IOException {
    RepositoryModelLoadRequest request =
        RepositoryModelLoadRequest.newBuilder()
            .setModelName(ModelPath.of(context).model())
            .putAllParameters(parameters(body(context)))
            .build();
    services.inference().repositoryModelLoad(request);
  }

  /** Answers nothing but that it is done. */
  void unload(Context context) throws IOException {
    RepositoryModelUnloadRequest request =
        RepositoryModelUnloadRequest.newBuilder()
            .setModelName(ModelPath.of(context).model())
            .putAllParameters(parameters(body(context)))
            .build();
    services.inference().repositoryModelUnload(request);
  }

  /** Returns what the body says, which may be nothing. */
  private JsonNode body(Context context) throws IOException {
    byte[] body = RequestBody.read(context, maxBodyBytes);
    if (body.length == 0) {
      return JsonNodeFactory.instance.objectNode();
    }
    JsonNode json;
    try {
      json = MAPPER.readTree(body);
    } catch (JsonProcessingException e) {
      throw InferenceErrors.malformed(JsonFaults.describe(e));
    }
    if (!json.isObject()) {
      throw InferenceErrors.malformed("The request body must be a JSON object");
    }
    return json;
  }

  private static Map<String, ModelRepositoryParameter> parameters(JsonNode body) {
    JsonNode given = body.path("parameters");
    Violations violations = new Violations();
    Map<String, ModelRepositoryParameter> parameters = new LinkedHashMap<>();
    if (!given.isObject() && !given.isMissingNode() && !given.isNull()) {
      violations.add("parameters", "must be an object");
    }
    for (Map.Entry<String, JsonNode> entry : given.properties()) {
      JsonNode value = entry.getValue();
      ModelRepositoryParameter.Builder parameter = ModelRepositoryParameter.newBuilder();
      if (value.isBoolean()) {
        parameter.setBoolParam(value.booleanValue());
      } else if (value.isIntegralNumber() && value.canConvertToLong()) {
        parameter.setInt64Param(value.longValue());
      } else if (value.isTextual()) {
        parameter.setStringParam(value.textValue());
      } else {
        violations.add(
            "parameters[" + entry.getKey() + "]", "must be text, a whole number or a truth value");
      }
      parameters.put(entry.getKey(), parameter.build());
    }
    violations.throwIfAny();
    return parameters;
  }
}
