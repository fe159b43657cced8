package dev.slipway.registry.rpc;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import dev.slipway.registry.event.RegistryEvent;
import dev.slipway.registry.model.TextSize;
import dev.slipway.registry.webhook.WebhookBodies;
import dev.slipway.registry.webhook.WebhookEvent;
import dev.slipway.registry.webhook.WebhookFormat;
import java.io.UncheckedIOException;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/**
 * Writes the bodies of webhooks' messages, in the form that the contract's {@code Webhook}
 * describes. Thread-safe.
 */
public final class WebhookPayloads implements WebhookBodies {
  /** The most bytes of a body that has everything in it. */
  static final int MAX_BYTES = 256 * 1024;

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final JsonFormat.Printer EVENTS =
      JsonFormat.printer().preservingProtoFieldNames().omittingInsignificantWhitespace();

  /** As MLflow's clients read it everywhere: a zone that is spelled out. */
  private static final DateTimeFormatter MLFLOW_TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSSxxx").withZone(ZoneOffset.UTC);

  @Override
  public String body(WebhookFormat format, WebhookEvent kind, RegistryEvent event) {
    String whole = write(format, kind, event, true);
    return TextSize.of(whole) <= MAX_BYTES ? whole : write(format, kind, event, false);
  }

  private static String write(
      WebhookFormat format, WebhookEvent kind, RegistryEvent event, boolean whole) {
    ObjectNode body =
        switch (format) {
          case STANDARD -> standard(kind, event, whole);
          case MLFLOW -> mlflow(kind, event, whole);
        };
    if (!whole) {
      body.put("truncated", true);
    }
    try {
      return JSON.writeValueAsString(body);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ObjectNode mlflow(WebhookEvent kind, RegistryEvent event, boolean whole) {
    ObjectNode body = JSON.createObjectNode();
    body.put("entity", kind.entityName());
    body.put("action", mlflowAction(kind));
    body.put("timestamp", MLFLOW_TIME.format(event.time()));
    body.set("data", MlflowWebhookData.of(kind, event, whole));
    return body;
  }

  /** MLflow says that an alias is created, also when it is moved. */
  private static String mlflowAction(WebhookEvent kind) {
    return kind.equals(WebhookEvent.ALIAS_SET) ? "created" : kind.actionName();
  }

  private static ObjectNode standard(WebhookEvent kind, RegistryEvent event, boolean whole) {
    ObjectNode body = JSON.createObjectNode();
    body.put("type", kind.typeName());
    body.put("timestamp", event.time().toString());
    body.put("entity", kind.entityName());
    body.put("action", kind.actionName());
    body.set("data", StandardWebhookData.of(kind, event, whole));
    var message = RegistryProtos.event(event);
    if (!whole) {
      message = message.toBuilder().clearBefore().clearAfter().clearAlsoChanged().build();
    }
    try {
      body.set("event", JSON.readTree(EVENTS.print(message)));
      return body;
    } catch (InvalidProtocolBufferException | JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }
}
