package dev.slipway.registry.store;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.slipway.registry.webhook.WebhookAttempt;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Writes the attempts of a delivery as JSON and reads them back. Thread-safe. */
final class WebhookAttemptsJson {
  private static final ObjectMapper JSON = new ObjectMapper();

  private WebhookAttemptsJson() {}

  static String write(List<WebhookAttempt> attempts) {
    ArrayNode array = JSON.createArrayNode();
    for (WebhookAttempt attempt : attempts) {
      array
          .addObject()
          .put("time", attempt.time().toString())
          .put("duration_nanos", attempt.duration().toNanos())
          .put("http_status", attempt.httpStatus())
          .put("error", attempt.error())
          .put("response_body", attempt.responseBody());
    }
    try {
      return JSON.writeValueAsString(array);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<WebhookAttempt> read(String text) {
    List<WebhookAttempt> attempts = new ArrayList<>();
    try {
      for (JsonNode node : JSON.readTree(text)) {
        attempts.add(
            new WebhookAttempt(
                Instant.parse(node.path("time").asText()),
                Duration.ofNanos(node.path("duration_nanos").asLong()),
                node.path("http_status").asInt(),
                node.path("error").asText(),
                node.path("response_body").asText()));
      }
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
    return attempts;
  }
}
