package dev.slipway.registry.rpc;

import dev.slipway.registry.actor.IdempotencyKey;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.upstream.WebhookTargets;
import dev.slipway.registry.v1.CreateWebhookRequest;
import dev.slipway.registry.v1.ListWebhookDeliveriesRequest;
import dev.slipway.registry.v1.ListWebhooksRequest;
import dev.slipway.registry.v1.RedeliverWebhookRequest;
import dev.slipway.registry.v1.TestWebhookRequest;
import dev.slipway.registry.v1.UpdateWebhookRequest;
import dev.slipway.registry.webhook.WebhookDeliveryId;
import dev.slipway.registry.webhook.WebhookDeliveryNotFoundException;
import dev.slipway.registry.webhook.WebhookDeliveryState;
import dev.slipway.registry.webhook.WebhookEvent;
import dev.slipway.registry.webhook.WebhookFormat;
import dev.slipway.registry.webhook.WebhookId;
import dev.slipway.registry.webhook.WebhookSecret;
import dev.slipway.registry.webhook.WebhookSettings;
import dev.slipway.registry.webhook.WebhookState;
import dev.slipway.registry.webhook.WebhookUpdate;
import dev.slipway.runtime.error.FieldViolation;
import dev.slipway.runtime.paging.PageRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Reads requests about webhooks into domain values. Each method gathers every violation and throws
 * them together as {@code InvalidRequestException}. Thread-safe.
 */
final class WebhookRequests {
  private static final Set<String> CHANGEABLE =
      Set.of(
          "name",
          "description",
          "url",
          "events",
          "model_names",
          "secret",
          "state",
          "timeout",
          "max_attempts");

  private final WebhookTargets targets;

  WebhookRequests(WebhookTargets targets) {
    this.targets = targets;
  }

  /**
   * A webhook to create.
   *
   * @param secret absent when one is to be made
   */
  record Create(
      WebhookSettings settings, Optional<WebhookSecret> secret, Optional<IdempotencyKey> key) {}

  record Update(WebhookId id, WebhookUpdate update) {}

  record Test(WebhookId id, Optional<WebhookEvent> event) {}

  record Deliveries(WebhookId id, Optional<WebhookDeliveryState> state, PageRequest page) {}

  Create create(CreateWebhookRequest request) {
    RequestFields in = new RequestFields();
    var given = request.getWebhook();
    name(in, given.getName());
    description(in, given.getDescription());
    url(in, given.getUrl());
    List<WebhookEvent> events = events(in, given.getEventsList());
    List<ModelName> models = models(in, given.getModelNamesList());
    WebhookFormat format = format(in, given.getFormat());
    Optional<WebhookSecret> secret =
        given.getSecret().isEmpty() ? Optional.empty() : secret(in, format, given.getSecret());
    Optional<WebhookState> state =
        given.getState() == dev.slipway.registry.v1.WebhookState.WEBHOOK_STATE_UNSPECIFIED
            ? Optional.of(WebhookState.ACTIVE)
            : state(in, given.getState());
    Duration timeout =
        given.hasTimeout() ? timeout(in, given.getTimeout()) : WebhookSettings.DEFAULT_TIMEOUT;
    int maxAttempts = maxAttempts(in, given.getMaxAttempts());
    Optional<IdempotencyKey> key =
        in.key(
            "CreateWebhook", request.getRequestId(), request.toBuilder().clearRequestId().build());
    in.violations().throwIfAny();
    return new Create(
        new WebhookSettings(
            given.getName(),
            given.getDescription(),
            given.getUrl(),
            format,
            events,
            models,
            state.orElseThrow(),
            timeout,
            maxAttempts),
        secret,
        key);
  }

  Update update(UpdateWebhookRequest request) {
    RequestFields in = new RequestFields();
    var given = request.getWebhook();
    Optional<WebhookId> id = id(in, "webhook.webhook_id", given.getWebhookId());
    Set<String> paths = in.mask(request.getUpdateMask(), CHANGEABLE);
    if (paths.contains("name")) {
      name(in, given.getName());
    }
    if (paths.contains("description")) {
      description(in, given.getDescription());
    }
    if (paths.contains("url")) {
      url(in, given.getUrl());
    }
    Optional<List<WebhookEvent>> events =
        paths.contains("events")
            ? Optional.of(events(in, given.getEventsList()))
            : Optional.empty();
    Optional<List<ModelName>> models =
        paths.contains("model_names")
            ? Optional.of(models(in, given.getModelNamesList()))
            : Optional.empty();
    if (paths.contains("secret")) {
      // Of whatever format the webhook is, it is a text at least.
      var unused = secret(in, WebhookFormat.MLFLOW, given.getSecret());
    }
    Optional<WebhookState> state =
        paths.contains("state") ? state(in, given.getState()) : Optional.empty();
    Optional<Duration> timeout =
        paths.contains("timeout")
            ? Optional.of(
                given.hasTimeout()
                    ? timeout(in, given.getTimeout())
                    : WebhookSettings.DEFAULT_TIMEOUT)
            : Optional.empty();
    Optional<Integer> maxAttempts =
        paths.contains("max_attempts")
            ? Optional.of(maxAttempts(in, given.getMaxAttempts()))
            : Optional.empty();
    in.violations().throwIfAny();
    return new Update(
        id.orElseThrow(),
        new WebhookUpdate(
            RequestFields.when(paths.contains("name"), given.getName()),
            RequestFields.when(paths.contains("description"), given.getDescription()),
            RequestFields.when(paths.contains("url"), given.getUrl()),
            events,
            models,
            RequestFields.when(paths.contains("secret"), given.getSecret()),
            state,
            timeout,
            maxAttempts));
  }

  WebhookId id(String text) {
    RequestFields in = new RequestFields();
    Optional<WebhookId> id = id(in, "webhook_id", text);
    in.violations().throwIfAny();
    return id.orElseThrow();
  }

  PageRequest list(ListWebhooksRequest request) {
    RequestFields in = new RequestFields();
    PageRequest page = in.page(request.getPageSize(), request.getPageToken(), "webhooks");
    in.violations().throwIfAny();
    return page;
  }

  Test test(TestWebhookRequest request) {
    RequestFields in = new RequestFields();
    Optional<WebhookId> id = id(in, "webhook_id", request.getWebhookId());
    Optional<WebhookEvent> event =
        request.hasEvent() ? event(in, "event", request.getEvent()) : Optional.empty();
    in.violations().throwIfAny();
    return new Test(id.orElseThrow(), event);
  }

  Deliveries deliveries(ListWebhookDeliveriesRequest request) {
    RequestFields in = new RequestFields();
    Optional<WebhookId> id = id(in, "webhook_id", request.getWebhookId());
    Optional<WebhookDeliveryState> state = Optional.empty();
    if (request.getState()
        != dev.slipway.registry.v1.WebhookDeliveryState.WEBHOOK_DELIVERY_STATE_UNSPECIFIED) {
      state =
          Arrays.stream(WebhookDeliveryState.values())
              .filter(candidate -> WebhookProtos.state(candidate) == request.getState())
              .findFirst();
      if (state.isEmpty()) {
        in.violations().add("state", "must be one of the known states");
      }
    }
    PageRequest page =
        in.page(
            request.getPageSize(),
            request.getPageToken(),
            "webhook-deliveries\n" + request.getWebhookId() + "\n" + request.getStateValue());
    in.violations().throwIfAny();
    return new Deliveries(id.orElseThrow(), state, page);
  }

  /**
   * Reads which delivery is meant.
   *
   * @throws WebhookDeliveryNotFoundException if the webhook cannot have it
   */
  WebhookDeliveryId redeliver(RedeliverWebhookRequest request) {
    RequestFields in = new RequestFields();
    Optional<WebhookId> id = id(in, "webhook_id", request.getWebhookId());
    String text = request.getDeliveryId();
    boolean test = WebhookDeliveryId.isTest(text);
    Optional<WebhookDeliveryId> delivery =
        test
            ? Optional.empty()
            : in.violations().parse("delivery_id", text, WebhookDeliveryId::parse);
    in.violations().throwIfAny();
    return delivery
        .filter(found -> found.webhook().equals(id.orElseThrow()))
        .orElseThrow(() -> new WebhookDeliveryNotFoundException(id.orElseThrow(), text));
  }

  private static Optional<WebhookId> id(RequestFields in, String field, String text) {
    return in.violations().parse(field, text, WebhookId::new);
  }

  private static void name(RequestFields in, String name) {
    in.text("webhook.name", name, WebhookSettings.MAX_NAME);
    if (name.isBlank()) {
      in.violations()
          .add("webhook.name", "is required and must not be blank", FieldViolation.REQUIRED);
    }
  }

  private static void description(RequestFields in, String description) {
    in.text("webhook.description", description, WebhookSettings.MAX_DESCRIPTION);
  }

  private void url(RequestFields in, String url) {
    var unused = in.violations().parse("webhook.url", url, targets::requireAllowed);
  }

  private static List<WebhookEvent> events(
      RequestFields in, List<dev.slipway.registry.v1.WebhookEvent> given) {
    if (given.isEmpty() || given.size() > WebhookSettings.MAX_EVENTS) {
      in.violations()
          .add(
              "webhook.events",
              "has %d entries; must have 1 to %d"
                  .formatted(given.size(), WebhookSettings.MAX_EVENTS));
      return List.of();
    }
    List<WebhookEvent> events = new ArrayList<>();
    for (int i = 0; i < given.size(); i++) {
      event(in, "webhook.events[" + i + "]", given.get(i)).ifPresent(events::add);
    }
    return events;
  }

  private static Optional<WebhookEvent> event(
      RequestFields in, String field, dev.slipway.registry.v1.WebhookEvent given) {
    Optional<WebhookEvent.Entity> entity =
        Arrays.stream(WebhookEvent.Entity.values())
            .filter(known -> given.getEntity().name().equals("ENTITY_" + known.name()))
            .findFirst();
    if (entity.isEmpty()) {
      in.violations()
          .add(
              field + ".entity", "is required: one of the known entities", FieldViolation.REQUIRED);
    }
    Optional<WebhookEvent.Action> action = Optional.empty();
    if (given.getAction() != dev.slipway.registry.v1.WebhookEvent.Action.ACTION_UNSPECIFIED) {
      action =
          Arrays.stream(WebhookEvent.Action.values())
              .filter(known -> given.getAction().name().equals("ACTION_" + known.name()))
              .findFirst();
      if (action.isEmpty()) {
        in.violations().add(field + ".action", "must be one of the known actions");
        return Optional.empty();
      }
    }
    // MLflow's name for it.
    boolean alias = entity.equals(Optional.of(WebhookEvent.Entity.MODEL_VERSION_ALIAS));
    Optional<WebhookEvent.Action> parsed =
        alias && action.equals(Optional.of(WebhookEvent.Action.CREATED))
            ? WebhookEvent.ALIAS_SET.action()
            : action;
    return entity.flatMap(
        of -> in.violations().parse(field + ".action", parsed, a -> new WebhookEvent(of, a)));
  }

  private static List<ModelName> models(RequestFields in, List<String> given) {
    if (given.size() > WebhookSettings.MAX_MODELS) {
      in.violations()
          .add(
              "webhook.model_names",
              "has %d entries; at most %d are allowed"
                  .formatted(given.size(), WebhookSettings.MAX_MODELS));
      return List.of();
    }
    List<ModelName> models = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < given.size(); i++) {
      String field = "webhook.model_names[" + i + "]";
      if (!seen.add(given.get(i))) {
        in.violations().add(field, "is there twice");
      }
      in.name(field, given.get(i)).ifPresent(models::add);
    }
    // As they are stored and read back.
    models.sort((a, b) -> a.value().compareTo(b.value()));
    return models;
  }

  private static WebhookFormat format(
      RequestFields in, dev.slipway.registry.v1.WebhookFormat given) {
    return switch (given) {
      case WEBHOOK_FORMAT_UNSPECIFIED, WEBHOOK_FORMAT_STANDARD -> WebhookFormat.STANDARD;
      case WEBHOOK_FORMAT_MLFLOW -> WebhookFormat.MLFLOW;
      case UNRECOGNIZED -> {
        in.violations().add("webhook.format", "must be one of the known formats");
        yield WebhookFormat.STANDARD;
      }
    };
  }

  private static Optional<WebhookSecret> secret(
      RequestFields in, WebhookFormat format, String secret) {
    return in.violations()
        .parse("webhook.secret", secret, given -> WebhookSecret.parse(format, given));
  }

  private static Optional<WebhookState> state(
      RequestFields in, dev.slipway.registry.v1.WebhookState given) {
    return switch (given) {
      case WEBHOOK_STATE_ACTIVE -> Optional.of(WebhookState.ACTIVE);
      case WEBHOOK_STATE_DISABLED -> Optional.of(WebhookState.DISABLED);
      case WEBHOOK_STATE_UNSPECIFIED, UNRECOGNIZED -> {
        in.violations()
            .add(
                "webhook.state",
                "is required: WEBHOOK_STATE_ACTIVE or WEBHOOK_STATE_DISABLED",
                FieldViolation.REQUIRED);
        yield Optional.empty();
      }
    };
  }

  private static Duration timeout(RequestFields in, com.google.protobuf.Duration given) {
    Duration timeout =
        in.duration(
            "webhook.timeout",
            given,
            WebhookSettings.MIN_TIMEOUT,
            WebhookSettings.MAX_TIMEOUT,
            "must be %d s to %d s"
                .formatted(
                    WebhookSettings.MIN_TIMEOUT.toSeconds(),
                    WebhookSettings.MAX_TIMEOUT.toSeconds()));
    return Duration.ofMillis(timeout.toMillis());
  }

  private static int maxAttempts(RequestFields in, int given) {
    if (given < 0 || given > WebhookSettings.MAX_ATTEMPTS) {
      in.violations()
          .add(
              "webhook.max_attempts",
              "is %d; must be 1 to %d, or 0 for %d"
                  .formatted(
                      given, WebhookSettings.MAX_ATTEMPTS, WebhookSettings.DEFAULT_ATTEMPTS));
    }
    return given == 0 ? WebhookSettings.DEFAULT_ATTEMPTS : given;
  }
}
