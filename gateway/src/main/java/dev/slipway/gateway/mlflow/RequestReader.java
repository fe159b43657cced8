package dev.slipway.gateway.mlflow;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.gateway.http.JsonFaults;
import dev.slipway.gateway.http.RequestBody;
import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Reads requests: the query of a GET, the body of everything else, and what the path names.
 * Immutable and thread-safe.
 */
final class RequestReader {
  private final ObjectReader json;
  private final int maxBodyBytes;

  /**
   * Creates a reader.
   *
   * @param maxBodyBytes largest body taken, in bytes
   */
  RequestReader(int maxBodyBytes) {
    // A text may be as long as the body, such as the profile of a dataset.
    StreamReadConstraints constraints =
        StreamReadConstraints.builder().maxStringLength(maxBodyBytes).build();
    this.json =
        JsonMapper.builder(JsonFactory.builder().streamReadConstraints(constraints).build())
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build()
            .readerFor(JsonNode.class);
    this.maxBodyBytes = maxBodyBytes;
  }

  /**
   * Returns the fields of a request.
   *
   * @throws MlflowException if the body is not JSON or does not say that it is
   * @throws io.javalin.http.HttpResponseException if the body is too large or cannot be unpacked
   */
  Fields read(Context context) throws IOException {
    boolean get = context.method().equals(HandlerType.GET);
    if (get && context.queryString() != null) {
      return Fields.ofQuery(withPath(query(context.queryParamMap()), context));
    }
    byte[] body = RequestBody.read(context, maxBodyBytes);
    boolean typed =
        context.method().equals(HandlerType.POST) || context.method().equals(HandlerType.PUT);
    if (typed) {
      requireJson(context.contentType());
    }
    return Fields.ofBody(withPath(object(body), context));
  }

  /** What the path says counts, whatever else the request says of it. */
  private static ObjectNode withPath(ObjectNode fields, Context context) {
    context.pathParamMap().forEach(fields::put);
    return fields;
  }

  private static ObjectNode query(Map<String, List<String>> parameters) {
    ObjectNode query = JsonNodeFactory.instance.objectNode();
    parameters.forEach(
        (name, values) -> {
          if (values.size() == 1) {
            query.put(name, values.get(0));
          } else {
            values.forEach(query.putArray(name)::add);
          }
        });
    return query;
  }

  private static void requireJson(String contentType) {
    String type = contentType == null ? "" : contentType.split(";", 2)[0].strip();
    if (!type.toLowerCase(Locale.ROOT).equals("application/json")) {
      throw new MlflowException(
          ErrorCode.INVALID_PARAMETER_VALUE,
          "Bad Request. Content-Type must be application/json, not '" + type + "'");
    }
  }

  private ObjectNode object(byte[] body) throws IOException {
    if (body.length == 0) {
      return JsonNodeFactory.instance.objectNode();
    }
    try {
      JsonNode node = json.readTree(body);
      // Very old clients wrap the object into a JSON string.
      if (node.isTextual()) {
        node = json.readTree(node.textValue().getBytes(StandardCharsets.UTF_8));
      }
      if (node.isNull() || node.isMissingNode()) {
        return JsonNodeFactory.instance.objectNode();
      }
      if (node instanceof ObjectNode object) {
        return object;
      }
      throw new MlflowException(
          ErrorCode.BAD_REQUEST, "The request body must be a JSON object, not a list or a scalar");
    } catch (JsonProcessingException e) {
      throw new MlflowException(ErrorCode.BAD_REQUEST, JsonFaults.describe(e));
    }
  }
}
