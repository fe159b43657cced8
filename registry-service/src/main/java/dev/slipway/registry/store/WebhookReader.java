package dev.slipway.registry.store;

import dev.slipway.registry.actor.ChangeStamp;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.webhook.Webhook;
import dev.slipway.registry.webhook.WebhookEvent;
import dev.slipway.registry.webhook.WebhookFormat;
import dev.slipway.registry.webhook.WebhookId;
import dev.slipway.registry.webhook.WebhookSecret;
import dev.slipway.registry.webhook.WebhookSettings;
import dev.slipway.registry.webhook.WebhookState;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Puts webhooks together from their rows, inside one transaction. Not thread-safe. */
final class WebhookReader {
  private final WebhookDao webhooks;
  private final WebhookDeliveryDao deliveries;
  private final RevisionDao revisions;

  WebhookReader(WebhookDao webhooks, WebhookDeliveryDao deliveries, RevisionDao revisions) {
    this.webhooks = webhooks;
    this.deliveries = deliveries;
    this.revisions = revisions;
  }

  Webhook webhook(WebhookDao.WebhookRow row) {
    return webhooks(List.of(row)).get(0);
  }

  /** Returns the webhooks of some rows, in their order. */
  List<Webhook> webhooks(List<WebhookDao.WebhookRow> rows) {
    String[] ids = rows.stream().map(WebhookDao.WebhookRow::webhookId).toArray(String[]::new);
    Map<String, List<WebhookEvent>> events =
        webhooks.listEvents(ids).stream()
            .collect(
                Collectors.groupingBy(
                    WebhookDao.EventRow::webhookId,
                    Collectors.mapping(
                        row -> event(row.entity(), row.action()), Collectors.toList())));
    Map<String, List<ModelName>> models =
        webhooks.listModels(ids).stream()
            .collect(
                Collectors.groupingBy(
                    WebhookDao.ModelRow::webhookId,
                    Collectors.mapping(
                        row -> new ModelName(row.modelName()), Collectors.toList())));
    Map<String, Long> firstPending =
        deliveries.listFirstPending(ids).stream()
            .collect(
                Collectors.toMap(
                    WebhookDeliveryDao.FirstPending::webhookId,
                    WebhookDeliveryDao.FirstPending::revision));
    long head = revisions.get();
    return rows.stream()
        .map(
            row ->
                new Webhook(
                    new WebhookId(row.webhookId()),
                    settings(
                        row,
                        events.getOrDefault(row.webhookId(), List.of()),
                        models.getOrDefault(row.webhookId(), List.of())),
                    new ChangeStamp(
                        row.createdAt(),
                        row.createdBy(),
                        row.updatedAt(),
                        row.updatedBy(),
                        row.revision()),
                    Optional.ofNullable(firstPending.get(row.webhookId()))
                        .map(first -> first - 1)
                        .orElse(head)))
        .toList();
  }

  /** Returns a kind of event from its columns; an empty action is every action. */
  static WebhookEvent event(String entity, String action) {
    return new WebhookEvent(
        WebhookEvent.Entity.valueOf(entity),
        Optional.of(action).filter(name -> !name.isEmpty()).map(WebhookEvent.Action::valueOf));
  }

  /** Returns what signs for a webhook. */
  static WebhookSecret secret(WebhookDao.WebhookRow row) {
    return new WebhookSecret(WebhookFormat.valueOf(row.format()), row.secret());
  }

  private static WebhookSettings settings(
      WebhookDao.WebhookRow row, List<WebhookEvent> events, List<ModelName> models) {
    return new WebhookSettings(
        row.name(),
        row.description(),
        row.url(),
        WebhookFormat.valueOf(row.format()),
        events,
        models,
        WebhookState.valueOf(row.state()),
        Duration.ofMillis(row.timeoutMillis()),
        row.maxAttempts());
  }
}
