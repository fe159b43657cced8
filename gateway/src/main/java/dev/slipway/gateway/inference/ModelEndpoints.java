package dev.slipway.gateway.inference;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.slipway.gateway.upstream.Services;
import dev.slipway.inference.ModelConfigRequest;
import dev.slipway.inference.ModelMetadataRequest;
import dev.slipway.inference.ModelReadyRequest;
import dev.slipway.inference.ModelStatisticsRequest;
import io.javalin.http.Context;
import java.io.IOException;

/** Answers what is asked about models without running them. Thread-safe. */
final class ModelEndpoints {
  private final Services services;

  ModelEndpoints(Services services) {
    this.services = services;
  }

  void metadata(Context context) throws IOException {
    ModelPath path = ModelPath.of(context);
    JsonAnswers.answer(
        context,
        services
            .inference()
            .modelMetadata(
                ModelMetadataRequest.newBuilder()
                    .setName(path.model())
                    .setVersion(path.version())
                    .build()));
  }

  void config(Context context) throws IOException {
    ModelPath path = ModelPath.of(context);
    JsonAnswers.answer(
        context,
        services
            .inference()
            .modelConfig(
                ModelConfigRequest.newBuilder()
                    .setName(path.model())
                    .setVersion(path.version())
                    .build())
            .getConfig());
  }

  void statistics(Context context) throws IOException {
    ModelPath path = ModelPath.of(context);
    JsonAnswers.answer(
        context,
        services
            .inference()
            .modelStatistics(
                ModelStatisticsRequest.newBuilder()
                    .setName(path.model())
                    .setVersion(path.version())
                    .build()));
  }

  void ready(Context context) throws IOException {
    ModelPath path = ModelPath.of(context);
    boolean ready =
        services
            .inference()
            .modelReady(
                ModelReadyRequest.newBuilder()
                    .setName(path.model())
                    .setVersion(path.version())
                    .build())
            .getReady();
    context.status(ready ? 200 : 503).contentType(JsonAnswers.JSON);
    try (JsonGenerator json = JsonAnswers.open(context.outputStream())) {
      json.writeStartObject();
      json.writeStringField("name", path.model());
      json.writeBooleanField("ready", ready);
      json.writeEndObject();
    }
  }
}
