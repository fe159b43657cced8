package dev.slipway.gateway.mlflow;

import com.fasterxml.jackson.core.JsonGenerator;
import com.google.protobuf.FieldMask;
import dev.slipway.gateway.upstream.Services;
import dev.slipway.registry.v1.CreateWebhookRequest;
import dev.slipway.registry.v1.DeleteWebhookRequest;
import dev.slipway.registry.v1.GetWebhookRequest;
import dev.slipway.registry.v1.ListWebhooksRequest;
import dev.slipway.registry.v1.ListWebhooksResponse;
import dev.slipway.registry.v1.TestWebhookRequest;
import dev.slipway.registry.v1.UpdateWebhookRequest;
import dev.slipway.registry.v1.Webhook;
import dev.slipway.registry.v1.WebhookAttempt;
import dev.slipway.registry.v1.WebhookDelivery;
import dev.slipway.registry.v1.WebhookDeliveryState;
import dev.slipway.registry.v1.WebhookFormat;
import dev.slipway.registry.v1.WebhookState;
import java.io.IOException;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Answers {@code webhooks...}. What is made here writes and signs as MLflow does; of webhooks that
 * were made elsewhere, those are shown that are told of anything that MLflow has a name for.
 * Thread-safe.
 */
final class WebhookEndpoints implements MlflowFamily {
  private static final int DEFAULT_PAGE = 100;
  private static final int MAX_PAGE = 1_000;
  private static final Pattern IDENTIFIER = Pattern.compile("[0-9a-f]{32}");

  private final Services services;

  WebhookEndpoints(Services services) {
    this.services = services;
  }

  @Override
  public List<MlflowRoute> routes() {
    return List.of(
        MlflowRoute.post("webhooks", this::create),
        MlflowRoute.get("webhooks", this::list),
        MlflowRoute.get("webhooks/{webhook_id}", this::get),
        MlflowRoute.patch("webhooks/{webhook_id}", this::update),
        MlflowRoute.delete("webhooks/{webhook_id}", this::delete),
        MlflowRoute.post("webhooks/{webhook_id}/test", this::test));
  }

  private Answer create(Fields request) {
    List<Fields> events = request.objects("events");
    if (events.isEmpty()) {
      throw MlflowException.missing("events");
    }
    Webhook.Builder webhook =
        Webhook.newBuilder()
            .setName(request.requiredText("name"))
            .setDescription(request.text("description"))
            .setUrl(request.requiredText("url"))
            .addAllEvents(events.stream().map(WebhookEvents::read).toList())
            .setSecret(request.text("secret"))
            .setFormat(WebhookFormat.WEBHOOK_FORMAT_MLFLOW);
    if (request.has("status")) {
      webhook.setState(state(request));
    }
    return answer(
        services
            .registry()
            .createWebhook(CreateWebhookRequest.newBuilder().setWebhook(webhook).build()));
  }

  private static WebhookState state(Fields request) {
    return request
        .findEnum("status", WebhookState.class, "WEBHOOK_STATE_", WebhookState::forNumber)
        .orElseThrow(() -> MlflowException.missing("status"));
  }

  private Answer list(Fields request) {
    ListWebhooksResponse page =
        services
            .registry()
            .listWebhooks(
                ListWebhooksRequest.newBuilder()
                    .setPageSize(RegistryEntries.maxResults(request, DEFAULT_PAGE, MAX_PAGE))
                    .setPageToken(request.text("page_token"))
                    .build());
    List<Webhook> shown = page.getWebhooksList().stream().filter(WebhookEvents::anyOf).toList();
    return json -> {
      JsonWriter.list(json, "webhooks", shown, WebhookEndpoints::write);
      JsonWriter.nextPage(json, page.getNextPageToken());
    };
  }

  private Answer get(Fields request) {
    return answer(webhook(request));
  }

  private Webhook webhook(Fields request) {
    Webhook webhook =
        services
            .registry()
            .getWebhook(GetWebhookRequest.newBuilder().setWebhookId(id(request)).build());
    if (!WebhookEvents.anyOf(webhook)) {
      throw absent(webhook.getWebhookId());
    }
    return webhook;
  }

  /** To MLflow, what cannot be an identifier is one that nobody has. */
  private static String id(Fields request) {
    String id = request.text("webhook_id");
    if (!IDENTIFIER.matcher(id).matches()) {
      throw absent(id);
    }
    return id;
  }

  /** Answers that no webhook has an identifier. */
  static MlflowException absent(String id) {
    return MlflowException.absent("Webhook with ID " + id + " not found.");
  }

  private Answer update(Fields request) {
    Webhook.Builder changed = Webhook.newBuilder().setWebhookId(id(request));
    FieldMask.Builder mask = FieldMask.newBuilder();
    if (!request.text("name").isEmpty()) {
      changed.setName(request.text("name"));
      mask.addPaths("name");
    }
    if (request.has("description")) {
      changed.setDescription(request.text("description"));
      mask.addPaths("description");
    }
    if (!request.text("url").isEmpty()) {
      changed.setUrl(request.text("url"));
      mask.addPaths("url");
    }
    List<Fields> events = request.objects("events");
    if (!events.isEmpty()) {
      changed.addAllEvents(events.stream().map(WebhookEvents::read).toList());
      mask.addPaths("events");
    }
    if (request.has("secret")) {
      changed.setSecret(request.text("secret"));
      mask.addPaths("secret");
    }
    if (request.has("status")) {
      changed.setState(state(request));
      mask.addPaths("state");
    }
    return answer(
        mask.getPathsCount() == 0
            ? webhook(request)
            : services
                .registry()
                .updateWebhook(
                    UpdateWebhookRequest.newBuilder()
                        .setWebhook(changed)
                        .setUpdateMask(mask)
                        .build()));
  }

  private Answer delete(Fields request) {
    services
        .registry()
        .deleteWebhook(DeleteWebhookRequest.newBuilder().setWebhookId(id(request)).build());
    return Answer.EMPTY;
  }

  private Answer test(Fields request) {
    TestWebhookRequest.Builder test = TestWebhookRequest.newBuilder().setWebhookId(id(request));
    request.findObject("event").map(WebhookEvents::read).ifPresent(test::setEvent);
    WebhookDelivery delivery = services.registry().testWebhook(test.build());
    WebhookAttempt attempt = delivery.getAttempts(0);
    boolean success = delivery.getState() == WebhookDeliveryState.WEBHOOK_DELIVERY_STATE_DELIVERED;
    return json -> {
      json.writeObjectFieldStart("result");
      json.writeBooleanField("success", success);
      if (attempt.getHttpStatus() != 0) {
        json.writeNumberField("response_status", attempt.getHttpStatus());
        json.writeStringField("response_body", attempt.getResponseBody());
      }
      if (!attempt.getError().isEmpty()) {
        json.writeStringField("error_message", attempt.getError());
      }
      json.writeEndObject();
    };
  }

  private static Answer answer(Webhook webhook) {
    return json -> {
      json.writeFieldName("webhook");
      write(json, webhook);
    };
  }

  /** Writes a webhook; its secret is never told. */
  private static void write(JsonGenerator json, Webhook webhook) throws IOException {
    json.writeStartObject();
    json.writeStringField("webhook_id", webhook.getWebhookId());
    json.writeStringField("name", webhook.getName());
    json.writeStringField("description", webhook.getDescription());
    json.writeStringField("url", webhook.getUrl());
    WebhookEvents.write(json, webhook);
    json.writeStringField(
        "status", webhook.getState() == WebhookState.WEBHOOK_STATE_ACTIVE ? "ACTIVE" : "DISABLED");
    JsonWriter.millis(json, "creation_timestamp", webhook.getCreateTime());
    JsonWriter.millis(json, "last_updated_timestamp", webhook.getUpdateTime());
    json.writeEndObject();
  }
}
