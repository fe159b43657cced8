package dev.slipway.gateway.inference;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.slipway.gateway.upstream.Services;
import dev.slipway.inference.ServerLiveRequest;
import dev.slipway.inference.ServerMetadataRequest;
import dev.slipway.inference.ServerMetadataResponse;
import dev.slipway.inference.ServerReadyRequest;
import io.grpc.StatusRuntimeException;
import io.javalin.http.Context;
import java.io.IOException;
import java.util.function.BooleanSupplier;

/** Answers what is asked about the server. Thread-safe. */
final class ServerEndpoints {
  /** What this server offers over HTTP and has no meaning elsewhere. */
  private static final String BINARY = "binary_tensor_data";

  private final Services services;

  ServerEndpoints(Services services) {
    this.services = services;
  }

  void metadata(Context context) throws IOException {
    ServerMetadataResponse server =
        services.inference().serverMetadata(ServerMetadataRequest.getDefaultInstance());
    JsonAnswers.answer(context, server.toBuilder().addExtensions(BINARY).build());
  }

  void live(Context context) throws IOException {
    health(
        context,
        "live",
        () -> services.inference().serverLive(ServerLiveRequest.getDefaultInstance()).getLive());
  }

  void ready(Context context) throws IOException {
    health(
        context,
        "ready",
        () -> services.inference().serverReady(ServerReadyRequest.getDefaultInstance()).getReady());
  }

  /** A service that does not answer is as good as one that says no. */
  private static void health(Context context, String name, BooleanSupplier question)
      throws IOException {
    boolean good;
    try {
      good = question.getAsBoolean();
    } catch (StatusRuntimeException e) {
      good = false;
    }
    context.status(good ? 200 : 503).contentType(JsonAnswers.JSON);
    try (JsonGenerator json = JsonAnswers.open(context.outputStream())) {
      json.writeStartObject();
      json.writeBooleanField(name, good);
      json.writeEndObject();
    }
  }
}
