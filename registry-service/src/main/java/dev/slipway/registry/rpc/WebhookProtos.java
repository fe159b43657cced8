package dev.slipway.registry.rpc;

import com.google.protobuf.Duration;
import dev.slipway.registry.actor.ChangeStamp;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.service.WebhookTester;
import dev.slipway.registry.v1.Webhook;
import dev.slipway.registry.v1.WebhookAttempt;
import dev.slipway.registry.v1.WebhookDelivery;
import dev.slipway.registry.v1.WebhookDeliveryState;
import dev.slipway.registry.v1.WebhookEvent;
import dev.slipway.registry.v1.WebhookFormat;
import dev.slipway.registry.v1.WebhookState;
import dev.slipway.registry.webhook.WebhookId;
import dev.slipway.registry.webhook.WebhookSettings;

/** Turns webhooks and their deliveries into messages. */
final class WebhookProtos {
  private static final String ENTITY_PREFIX = "ENTITY_";
  private static final String ACTION_PREFIX = "ACTION_";
  private static final String FORMAT_PREFIX = "WEBHOOK_FORMAT_";
  private static final String STATE_PREFIX = "WEBHOOK_STATE_";
  private static final String DELIVERY_STATE_PREFIX = "WEBHOOK_DELIVERY_STATE_";

  private WebhookProtos() {}

  static Webhook webhook(dev.slipway.registry.webhook.Webhook webhook) {
    WebhookSettings settings = webhook.settings();
    ChangeStamp stamp = webhook.stamp();
    Webhook.Builder message =
        Webhook.newBuilder()
            .setWebhookId(webhook.id().value())
            .setName(settings.name())
            .setDescription(settings.description())
            .setUrl(settings.url())
            .setFormat(WebhookFormat.valueOf(FORMAT_PREFIX + settings.format().name()))
            .addAllModelNames(settings.models().stream().map(ModelName::value).toList())
            .setState(WebhookState.valueOf(STATE_PREFIX + settings.state().name()))
            .setTimeout(duration(settings.timeout()))
            .setMaxAttempts(settings.maxAttempts())
            .setCreateTime(RegistryProtos.time(stamp.createdAt()))
            .setUpdateTime(RegistryProtos.time(stamp.updatedAt()))
            .setCreatedBy(stamp.createdBy())
            .setDeliveredRevision(webhook.deliveredRevision())
            .setRevision(stamp.revision());
    settings.events().forEach(event -> message.addEvents(event(event)));
    return message.build();
  }

  static WebhookDelivery delivery(dev.slipway.registry.webhook.WebhookDelivery delivery) {
    WebhookDelivery.Builder message =
        WebhookDelivery.newBuilder()
            .setDeliveryId(delivery.id().toString())
            .setWebhookId(delivery.id().webhook().value())
            .setRevision(delivery.id().revision())
            .setState(state(delivery.state()))
            .setCreateTime(RegistryProtos.time(delivery.created()));
    delivery.attempts().forEach(attempt -> message.addAttempts(attempt(attempt)));
    delivery.nextAttempt().ifPresent(next -> message.setNextAttemptTime(RegistryProtos.time(next)));
    return message.build();
  }

  /** Returns the delivery of a test, which had its only attempt. */
  static WebhookDelivery test(WebhookId id, WebhookTester.Result result) {
    return WebhookDelivery.newBuilder()
        .setDeliveryId(result.messageId())
        .setWebhookId(id.value())
        .setState(
            result.attempt().delivered()
                ? WebhookDeliveryState.WEBHOOK_DELIVERY_STATE_DELIVERED
                : WebhookDeliveryState.WEBHOOK_DELIVERY_STATE_DEAD)
        .addAttempts(attempt(result.attempt()))
        .setCreateTime(RegistryProtos.time(result.created()))
        .build();
  }

  static WebhookDeliveryState state(dev.slipway.registry.webhook.WebhookDeliveryState state) {
    return WebhookDeliveryState.valueOf(DELIVERY_STATE_PREFIX + state.name());
  }

  private static WebhookEvent event(dev.slipway.registry.webhook.WebhookEvent event) {
    WebhookEvent.Builder message =
        WebhookEvent.newBuilder()
            .setEntity(WebhookEvent.Entity.valueOf(ENTITY_PREFIX + event.entity().name()));
    event
        .action()
        .ifPresent(
            action ->
                message.setAction(WebhookEvent.Action.valueOf(ACTION_PREFIX + action.name())));
    return message.build();
  }

  private static WebhookAttempt attempt(dev.slipway.registry.webhook.WebhookAttempt attempt) {
    return WebhookAttempt.newBuilder()
        .setAttemptTime(RegistryProtos.time(attempt.time()))
        .setDuration(duration(attempt.duration()))
        .setHttpStatus(attempt.httpStatus())
        .setError(attempt.error())
        .setResponseBody(attempt.responseBody())
        .build();
  }

  private static Duration duration(java.time.Duration duration) {
    return Duration.newBuilder()
        .setSeconds(duration.getSeconds())
        .setNanos(duration.getNano())
        .build();
  }
}
