package dev.slipway.registry.rpc;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.util.JsonFormat;
import dev.slipway.registry.event.RegistryEvent;
import dev.slipway.registry.event.RegistryState;
import dev.slipway.registry.model.AliasName;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.model.RegisteredModel;
import dev.slipway.registry.model.TextSize;
import dev.slipway.registry.version.ModelVersion;
import dev.slipway.registry.version.RunId;
import dev.slipway.registry.webhook.WebhookBodies;
import dev.slipway.registry.webhook.WebhookEvent;
import dev.slipway.registry.webhook.WebhookFormat;
import java.io.UncheckedIOException;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Writes the bodies of webhooks' messages, in the form that the contract's {@code Webhook}
 * describes. Thread-safe.
 */
public final class WebhookPayloads implements WebhookBodies {
  /** The most bytes of a body that has everything in it. */
  static final int MAX_BYTES = 256 * 1024;

  private static final WebhookEvent ALIAS_SET =
      new WebhookEvent(
          WebhookEvent.Entity.MODEL_VERSION_ALIAS, Optional.of(WebhookEvent.Action.SET));

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
    body.set("data", data(kind, event, whole));
    return body;
  }

  /** MLflow says that an alias is created, also when it is moved. */
  private static String mlflowAction(WebhookEvent kind) {
    return kind.equals(ALIAS_SET) ? "created" : kind.actionName();
  }

  private static ObjectNode standard(WebhookEvent kind, RegistryEvent event, boolean whole) {
    ObjectNode body = JSON.createObjectNode();
    body.put("type", kind.entityName() + "." + kind.actionName());
    body.put("timestamp", event.time().toString());
    body.put("entity", kind.entityName());
    body.put("action", kind.actionName());
    body.set("data", data(kind, event, whole));
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

  private static ObjectNode data(WebhookEvent kind, RegistryEvent event, boolean whole) {
    ObjectNode data = JSON.createObjectNode();
    event.name().map(ModelName::value).ifPresent(name -> data.put("name", name));
    // A text, as consumers of MLflow's webhooks expect.
    event.version().ifPresent(number -> data.put("version", Long.toString(number.value())));
    Optional<RegistryState> before = event.change().before();
    Optional<RegistryState> after = event.change().after();
    switch (kind.entity()) {
      case REGISTERED_MODEL, MODEL_VERSION ->
          after.or(() -> before).ifPresent(state -> describe(data, state, whole));
      case REGISTERED_MODEL_TAG, MODEL_VERSION_TAG ->
          putTags(data, tags(before), tags(after), whole);
      case MODEL_VERSION_ALIAS -> {
        boolean deleted = kind.action().equals(Optional.of(WebhookEvent.Action.DELETED));
        List<AliasName> changed = new ArrayList<>(aliases(deleted ? before : after));
        changed.removeAll(aliases(deleted ? after : before));
        changed.stream().findFirst().ifPresent(alias -> data.put("alias", alias.value()));
      }
      case MODEL_VERSION_STAGE -> {
        version(before).ifPresent(was -> data.put("from_stage", was.stage().name()));
        version(after).ifPresent(is -> data.put("to_stage", is.stage().name()));
      }
      case TRANSITION_REQUEST, STAGE_POLICY, CHECK -> {
        // The event says it all.
      }
    }
    return data;
  }

  private static void describe(ObjectNode data, RegistryState state, boolean whole) {
    if (state instanceof RegistryState.OfVersion of) {
      data.put("source", of.version().origin().source());
      data.put("run_id", of.version().origin().runId().map(RunId::value).orElse(null));
    }
    if (!whole) {
      return;
    }
    if (state instanceof RegistryState.OfVersion of) {
      data.put("description", of.version().description());
    } else if (state instanceof RegistryState.OfModel of) {
      data.put("description", of.model().description());
    }
    put(data, tags(Optional.of(state)));
  }

  /** Puts what differs: tags with their new values, or keys that are gone. */
  private static void putTags(
      ObjectNode data, Map<String, String> before, Map<String, String> after, boolean whole) {
    List<String> changed = new ArrayList<>();
    after.forEach(
        (key, text) -> {
          if (!text.equals(before.get(key))) {
            changed.add(key);
          }
        });
    List<String> gone = before.keySet().stream().filter(key -> !after.containsKey(key)).toList();
    if (changed.size() + gone.size() == 1) {
      data.put("key", changed.isEmpty() ? gone.get(0) : changed.get(0));
    }
    if (!whole) {
      return;
    }
    if (changed.size() == 1) {
      data.put("value", after.get(changed.get(0)));
    }
    if (!changed.isEmpty()) {
      ObjectNode tags = data.putObject("tags");
      changed.stream().sorted().forEach(key -> tags.put(key, after.get(key)));
    }
    if (!gone.isEmpty()) {
      gone.stream().sorted().forEach(data.putArray("keys")::add);
    }
  }

  private static void put(ObjectNode data, Map<String, String> tags) {
    ObjectNode node = data.putObject("tags");
    tags.keySet().stream().sorted().forEach(key -> node.put(key, tags.get(key)));
  }

  private static Map<String, String> tags(Optional<RegistryState> state) {
    return model(state)
        .map(RegisteredModel::tags)
        .or(() -> version(state).map(ModelVersion::tags))
        .orElse(Map.of());
  }

  private static List<AliasName> aliases(Optional<RegistryState> state) {
    return version(state).map(ModelVersion::aliases).orElse(List.of());
  }

  private static Optional<RegisteredModel> model(Optional<RegistryState> state) {
    return state
        .filter(RegistryState.OfModel.class::isInstance)
        .map(of -> ((RegistryState.OfModel) of).model());
  }

  private static Optional<ModelVersion> version(Optional<RegistryState> state) {
    return state
        .filter(RegistryState.OfVersion.class::isInstance)
        .map(of -> ((RegistryState.OfVersion) of).version());
  }
}
