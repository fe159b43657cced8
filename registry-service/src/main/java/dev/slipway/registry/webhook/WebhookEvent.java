package dev.slipway.registry.webhook;

import dev.slipway.registry.event.RegistryChange;
import dev.slipway.registry.event.RegistryEventType;
import dev.slipway.registry.event.RegistryState;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Is a kind of event that a webhook is told of: a thing and what was done to it.
 *
 * @param action absent for every action of the entity
 */
public record WebhookEvent(Entity entity, Optional<Action> action) {
  /** An alias was created, moved, or protected by another role. */
  public static final WebhookEvent ALIAS_SET = of(Entity.MODEL_VERSION_ALIAS, Action.SET);

  /** Is what was done; the names are stored. */
  public enum Action {
    /** It was created. */
    CREATED,
    /** It was changed. */
    UPDATED,
    /** It was deleted or closed. */
    DELETED,
    /** It was set, whether or not it existed before. */
    SET
  }

  /** Is a kind of thing; the names are stored. */
  public enum Entity {
    /** A registered model. */
    REGISTERED_MODEL,
    /** A tag of a registered model. */
    REGISTERED_MODEL_TAG,
    /** A version. */
    MODEL_VERSION,
    /** A tag of a version. */
    MODEL_VERSION_TAG,
    /** An alias. */
    MODEL_VERSION_ALIAS,
    /** The stage of a version. */
    MODEL_VERSION_STAGE,
    /** A transition request. */
    TRANSITION_REQUEST,
    /** A stage policy. */
    STAGE_POLICY,
    /** A check. */
    CHECK;

    /** Returns what can be done to it, at least one. */
    public List<Action> actions() {
      return switch (this) {
        case REGISTERED_MODEL, MODEL_VERSION, TRANSITION_REQUEST ->
            List.of(Action.CREATED, Action.UPDATED, Action.DELETED);
        case REGISTERED_MODEL_TAG, MODEL_VERSION_TAG, MODEL_VERSION_ALIAS, STAGE_POLICY ->
            List.of(Action.SET, Action.DELETED);
        case MODEL_VERSION_STAGE -> List.of(Action.UPDATED);
        case CHECK -> List.of(Action.SET);
      };
    }
  }

  /** Checks that the entity has the action. */
  public WebhookEvent {
    if (action.isPresent() && !entity.actions().contains(action.get())) {
      throw new IllegalArgumentException(
          "%s is never %s; it is %s".formatted(entity, action.get(), entity.actions()));
    }
  }

  private static WebhookEvent of(Entity entity, Action action) {
    return new WebhookEvent(entity, Optional.of(action));
  }

  /**
   * Returns what an event tells of, its own subject first: a move that an approval has carried out
   * tells of the request too, and a delete of those that went with it. Empty when webhooks are not
   * told of it.
   */
  public static List<WebhookEvent> of(RegistryEventType type, List<RegistryChange> alsoChanged) {
    List<WebhookEvent> events = new ArrayList<>();
    of(type).ifPresent(events::add);
    if (type == RegistryEventType.STAGE_TRANSITIONED
        && alsoChanged.stream()
            .flatMap(change -> change.after().stream())
            .anyMatch(RegistryState.OfRequest.class::isInstance)) {
      events.add(of(Entity.TRANSITION_REQUEST, Action.UPDATED));
    } else if (alsoChanged.stream()
        .filter(change -> change.after().isEmpty())
        .flatMap(change -> change.before().stream())
        .anyMatch(RegistryState.OfRequest.class::isInstance)) {
      events.add(of(Entity.TRANSITION_REQUEST, Action.DELETED));
    }
    return events;
  }

  private static Optional<WebhookEvent> of(RegistryEventType type) {
    return Optional.ofNullable(
        switch (type) {
          case REGISTERED_MODEL_CREATED -> of(Entity.REGISTERED_MODEL, Action.CREATED);
          case REGISTERED_MODEL_UPDATED, REGISTERED_MODEL_RENAMED ->
              of(Entity.REGISTERED_MODEL, Action.UPDATED);
          case REGISTERED_MODEL_DELETED -> of(Entity.REGISTERED_MODEL, Action.DELETED);
          case REGISTERED_MODEL_TAGS_SET -> of(Entity.REGISTERED_MODEL_TAG, Action.SET);
          case REGISTERED_MODEL_TAGS_DELETED -> of(Entity.REGISTERED_MODEL_TAG, Action.DELETED);
          case MODEL_VERSION_CREATED -> of(Entity.MODEL_VERSION, Action.CREATED);
          case MODEL_VERSION_UPDATED, MODEL_VERSION_FINALIZED ->
              of(Entity.MODEL_VERSION, Action.UPDATED);
          case MODEL_VERSION_DELETED -> of(Entity.MODEL_VERSION, Action.DELETED);
          case MODEL_VERSION_TAGS_SET -> of(Entity.MODEL_VERSION_TAG, Action.SET);
          case MODEL_VERSION_TAGS_DELETED -> of(Entity.MODEL_VERSION_TAG, Action.DELETED);
          case STAGE_TRANSITIONED -> of(Entity.MODEL_VERSION_STAGE, Action.UPDATED);
          case ALIAS_SET -> ALIAS_SET;
          case ALIAS_DELETED -> of(Entity.MODEL_VERSION_ALIAS, Action.DELETED);
          case STAGE_POLICY_SET -> of(Entity.STAGE_POLICY, Action.SET);
          case STAGE_POLICY_DELETED -> of(Entity.STAGE_POLICY, Action.DELETED);
          case TRANSITION_REQUEST_CREATED -> of(Entity.TRANSITION_REQUEST, Action.CREATED);
          case TRANSITION_REQUEST_APPROVED, TRANSITION_REQUEST_EXPIRED ->
              of(Entity.TRANSITION_REQUEST, Action.UPDATED);
          case TRANSITION_REQUEST_REJECTED, TRANSITION_REQUEST_CANCELLED ->
              of(Entity.TRANSITION_REQUEST, Action.DELETED);
          case CHECK_REPORTED -> of(Entity.CHECK, Action.SET);
          case WEBHOOK_CREATED, WEBHOOK_UPDATED, WEBHOOK_DELETED -> null;
        });
  }

  /** Returns whether this covers all that another covers. */
  public boolean covers(WebhookEvent other) {
    return entity == other.entity && (action.isEmpty() || action.equals(other.action));
  }

  /** Returns the same with one action: its own, or the first of the entity. */
  public WebhookEvent withOneAction() {
    return of(entity, action.orElse(entity.actions().get(0)));
  }

  /**
   * Returns a type of event that tells of this.
   *
   * @throws IllegalStateException if it has no single action
   */
  public RegistryEventType type() {
    return Arrays.stream(RegistryEventType.values())
        .filter(type -> of(type).filter(this::equals).isPresent())
        .findFirst()
        .orElseThrow(() -> new IllegalStateException(this + " is not one event"));
  }

  /** Returns entity and action as they are sent: {@code model_version.created}. */
  public String typeName() {
    return entityName() + "." + actionName();
  }

  /** Returns the entity as it is sent: {@code model_version}. */
  public String entityName() {
    return entity.name().toLowerCase(Locale.ROOT);
  }

  /** Returns the action as it is sent: {@code created}; empty for every action. */
  public String actionName() {
    return action.map(known -> known.name().toLowerCase(Locale.ROOT)).orElse("");
  }
}
