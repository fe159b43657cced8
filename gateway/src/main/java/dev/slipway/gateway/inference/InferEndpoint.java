package dev.slipway.gateway.inference;

import dev.slipway.gateway.http.RequestBody;
import dev.slipway.gateway.upstream.Services;
import dev.slipway.inference.ModelInferResponse;
import dev.slipway.inference.ModelMetadataRequest;
import dev.slipway.inference.ModelMetadataResponse;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import java.io.IOException;

/** Runs models. Thread-safe. */
final class InferEndpoint implements Handler {
  /** How many bytes of a body are JSON, in either direction; absent = all. */
  static final String JSON_LENGTH = "Inference-Header-Content-Length";

  private final Services services;
  private final int maxBodyBytes;

  InferEndpoint(Services services, int maxBodyBytes) {
    this.services = services;
    this.maxBodyBytes = maxBodyBytes;
  }

  @Override
  public void handle(Context context) throws IOException {
    ModelPath path = ModelPath.of(context);
    byte[] body = RequestBody.read(context, maxBodyBytes);
    String jsonLength = context.header(JSON_LENGTH);
    InferRequest request =
        "0".equals(jsonLength)
            ? RawBody.asOnlyInput(metadata(path), path, body)
            : new InferRequestReader(path, body, jsonBytes(jsonLength, body)).read();
    ModelInferResponse answer = services.inference().modelInfer(request.message());
    InferAnswers.answer(context, answer, request.binary());
  }

  private ModelMetadataResponse metadata(ModelPath path) {
    return services
        .inference()
        .modelMetadata(
            ModelMetadataRequest.newBuilder()
                .setName(path.model())
                .setVersion(path.version())
                .build());
  }

  private static int jsonBytes(String jsonLength, byte[] body) {
    if (jsonLength == null) {
      return body.length;
    }
    int length;
    try {
      length = Integer.parseUnsignedInt(jsonLength.strip());
    } catch (NumberFormatException e) {
      throw InferenceErrors.malformed(JSON_LENGTH + " is no number of bytes: " + jsonLength);
    }
    if (length < 0 || length > body.length) {
      throw InferenceErrors.malformed(
          "%s is %s, but the body has %d bytes".formatted(JSON_LENGTH, jsonLength, body.length));
    }
    return length;
  }
}
