package dev.slipway.gateway.mlflow;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.slipway.registry.v1.Webhook;
import dev.slipway.registry.v1.WebhookEvent;
import java.io.IOException;
import java.util.List;
import java.util.function.IntFunction;

/**
 * Translates kinds of events of webhooks between MLflow's names and the registry's. Of what is
 * MLflow's alone, prompts and budgets, nothing happens here; what is the registry's alone, such as
 * stages, MLflow's clients could not read. Stateless.
 */
final class WebhookEvents {
  /** Is a kind of thing, in the order of MLflow's numbers. */
  private enum Entity {
    ENTITY_UNSPECIFIED,
    REGISTERED_MODEL,
    MODEL_VERSION,
    MODEL_VERSION_TAG,
    MODEL_VERSION_ALIAS,
    PROMPT,
    PROMPT_VERSION,
    PROMPT_TAG,
    PROMPT_VERSION_TAG,
    PROMPT_ALIAS,
    BUDGET_POLICY
  }

  /** Is what was done, in the order of MLflow's numbers. */
  private enum Action {
    ACTION_UNSPECIFIED,
    CREATED,
    UPDATED,
    DELETED,
    SET,
    EXCEEDED
  }

  /** Is a kind of event that both have. */
  private record Kind(Entity entity, Action action, WebhookEvent event) {
    private boolean isOneOf(Webhook webhook) {
      return webhook.getEventsList().stream()
          .filter(told -> told.getEntity() == event.getEntity())
          .anyMatch(
              told ->
                  told.getAction() == WebhookEvent.Action.ACTION_UNSPECIFIED
                      || told.getAction() == event.getAction());
    }

    private void write(JsonGenerator json) throws IOException {
      json.writeStartObject();
      json.writeStringField("entity", entity.name());
      json.writeStringField("action", action.name());
      json.writeEndObject();
    }
  }

  private static final List<Kind> KINDS =
      List.of(
          kind(Entity.REGISTERED_MODEL, Action.CREATED, WebhookEvent.Action.ACTION_CREATED),
          kind(Entity.MODEL_VERSION, Action.CREATED, WebhookEvent.Action.ACTION_CREATED),
          kind(Entity.MODEL_VERSION_TAG, Action.SET, WebhookEvent.Action.ACTION_SET),
          kind(Entity.MODEL_VERSION_TAG, Action.DELETED, WebhookEvent.Action.ACTION_DELETED),
          kind(Entity.MODEL_VERSION_ALIAS, Action.CREATED, WebhookEvent.Action.ACTION_SET),
          kind(Entity.MODEL_VERSION_ALIAS, Action.DELETED, WebhookEvent.Action.ACTION_DELETED));

  private WebhookEvents() {}

  private static Kind kind(Entity entity, Action action, WebhookEvent.Action here) {
    return new Kind(
        entity,
        action,
        WebhookEvent.newBuilder()
            .setEntity(WebhookEvent.Entity.valueOf("ENTITY_" + entity.name()))
            .setAction(here)
            .build());
  }

  /**
   * Reads a kind of event.
   *
   * @throws MlflowException if there is none like it
   */
  static WebhookEvent read(Fields event) {
    Entity entity = find(event, "entity", Entity.class);
    Action action = find(event, "action", Action.class);
    return KINDS.stream()
        .filter(kind -> kind.entity() == entity && kind.action() == action)
        .findFirst()
        .map(Kind::event)
        .orElseThrow(() -> MlflowException.refused(refusal(entity, action)));
  }

  private static <E extends Enum<E>> E find(Fields event, String name, Class<E> type) {
    E[] all = type.getEnumConstants();
    IntFunction<E> byNumber = number -> number < all.length ? all[number] : null;
    return event
        .findEnum(name, type, "", byNumber)
        .orElseThrow(() -> MlflowException.missing(event.pathOf(name)));
  }

  private static String refusal(Entity entity, Action action) {
    List<String> actions =
        KINDS.stream()
            .filter(kind -> kind.entity() == entity)
            .map(kind -> kind.action().name())
            .toList();
    return actions.isEmpty()
        ? "This server has no webhook events of the entity '" + entity + "'"
        : "Invalid action '%s' for entity '%s'. Valid actions are: %s"
            .formatted(action, entity, actions);
  }

  /** Returns whether a webhook is told of anything that MLflow has a name for. */
  static boolean anyOf(Webhook webhook) {
    return KINDS.stream().anyMatch(kind -> kind.isOneOf(webhook));
  }

  /** Writes what a webhook is told of, as far as MLflow has names for it. */
  static void write(JsonGenerator json, Webhook webhook) throws IOException {
    JsonWriter.list(
        json,
        "events",
        KINDS.stream().filter(kind -> kind.isOneOf(webhook)).toList(),
        (generator, kind) -> kind.write(generator));
  }
}
