package dev.slipway.registry.store;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.engine.packaging.Flavor;
import dev.slipway.registry.actor.ChangeStamp;
import dev.slipway.registry.event.RegistryChange;
import dev.slipway.registry.event.RegistryState;
import dev.slipway.registry.model.AliasName;
import dev.slipway.registry.model.ModelAlias;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.model.RegisteredModel;
import dev.slipway.registry.model.RegisteredModel.StageVersion;
import dev.slipway.registry.version.ModelVersion;
import dev.slipway.registry.version.ModelVersionState;
import dev.slipway.registry.version.RunId;
import dev.slipway.registry.version.Sha256;
import dev.slipway.registry.version.Stage;
import dev.slipway.registry.version.VersionNumber;
import dev.slipway.registry.version.VersionOrigin;
import dev.slipway.registry.webhook.Webhook;
import dev.slipway.registry.webhook.WebhookEvent;
import dev.slipway.registry.webhook.WebhookFormat;
import dev.slipway.registry.webhook.WebhookId;
import dev.slipway.registry.webhook.WebhookSettings;
import dev.slipway.registry.webhook.WebhookState;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Writes the states of an event as JSON and reads them back.
 *
 * <p>The form is stored for ever, so it is spelled out here and does not follow the records by
 * reflection: keys may be added, and reading takes what older writers left out as empty.
 * Thread-safe.
 */
final class EventStates {
  private static final ObjectMapper JSON = new ObjectMapper();

  private EventStates() {}

  static String write(RegistryState state) {
    return text(node(state));
  }

  static String write(List<RegistryChange> changes) {
    ArrayNode array = JSON.createArrayNode();
    for (RegistryChange change : changes) {
      ObjectNode node = array.addObject();
      change.before().ifPresent(state -> node.set("before", node(state)));
      change.after().ifPresent(state -> node.set("after", node(state)));
    }
    return text(array);
  }

  static RegistryState read(String text) {
    return state(parse(text));
  }

  static List<RegistryChange> readChanges(String text) {
    List<RegistryChange> changes = new ArrayList<>();
    for (JsonNode node : parse(text)) {
      changes.add(
          new RegistryChange(
              Optional.ofNullable(node.get("before")).map(EventStates::state),
              Optional.ofNullable(node.get("after")).map(EventStates::state)));
    }
    return changes;
  }

  private static ObjectNode node(RegistryState state) {
    ObjectNode node = JSON.createObjectNode();
    if (state instanceof RegistryState.OfModel of) {
      write(node.putObject("model"), of.model());
    } else if (state instanceof RegistryState.OfVersion of) {
      write(node.putObject("version"), of.version());
    } else if (state instanceof RegistryState.OfWebhook of) {
      write(node.putObject("webhook"), of.webhook());
    } else if (state instanceof RegistryState.OfCheckResult of) {
      ObjectNode reported = node.putObject("check_result");
      reported.put("name", of.model().value());
      reported.put("version", of.version().value());
      CheckJson.write(reported.putObject("result"), of.result());
    } else if (state instanceof RegistryState.OfPolicy of) {
      PolicyJson.write(node.putObject("policy"), of.policy());
    } else if (state instanceof RegistryState.OfRequest of) {
      RequestJson.write(node.putObject("request"), of.request());
    }
    return node;
  }

  private static RegistryState state(JsonNode node) {
    if (node.has("model")) {
      return new RegistryState.OfModel(model(node.get("model")));
    }
    if (node.has("webhook")) {
      return new RegistryState.OfWebhook(webhook(node.get("webhook")));
    }
    if (node.has("check_result")) {
      JsonNode reported = node.get("check_result");
      return new RegistryState.OfCheckResult(
          new ModelName(reported.path("name").asText()),
          new VersionNumber(reported.path("version").asLong()),
          CheckJson.readResult(reported.path("result")));
    }
    if (node.has("policy")) {
      return new RegistryState.OfPolicy(PolicyJson.read(node.get("policy")));
    }
    if (node.has("request")) {
      return new RegistryState.OfRequest(RequestJson.read(node.get("request")));
    }
    return new RegistryState.OfVersion(version(node.get("version")));
  }

  private static void write(ObjectNode node, RegisteredModel model) {
    node.put("model_id", model.modelId());
    node.put("name", model.name().value());
    node.put("description", model.description());
    node.put("deployment_job_id", model.deploymentJobId());
    write(node.putObject("tags"), model.tags());
    ArrayNode aliases = node.putArray("aliases");
    for (ModelAlias alias : model.aliases()) {
      ObjectNode entry = aliases.addObject();
      entry.put("alias", alias.alias().value());
      entry.put("version", alias.version().value());
      entry.put("protected_by_role", alias.protectedByRole().orElse(""));
    }
    ObjectNode latest = node.putObject("latest_versions");
    model.latestVersions().forEach(at -> latest.put(at.stage().name(), at.version().value()));
    node.put("last_version", model.lastVersion());
    write(node, model.stamp());
  }

  private static RegisteredModel model(JsonNode node) {
    List<ModelAlias> aliases = new ArrayList<>();
    for (JsonNode entry : node.path("aliases")) {
      aliases.add(
          new ModelAlias(
              new AliasName(entry.path("alias").asText()),
              new VersionNumber(entry.path("version").asLong()),
              optional(entry, "protected_by_role")));
    }
    List<StageVersion> latest = new ArrayList<>();
    node.path("latest_versions")
        .properties()
        .forEach(
            at ->
                latest.add(
                    new StageVersion(
                        Stage.valueOf(at.getKey()), new VersionNumber(at.getValue().asLong()))));
    return new RegisteredModel(
        node.path("model_id").asLong(),
        new ModelName(node.path("name").asText()),
        node.path("description").asText(),
        node.path("deployment_job_id").asText(),
        tags(node),
        aliases,
        latest,
        node.path("last_version").asLong(),
        stamp(node));
  }

  private static void write(ObjectNode node, ModelVersion version) {
    node.put("name", version.name().value());
    node.put("version", version.number().value());
    node.put("state", version.state().name());
    node.put("state_reason", version.stateReason());
    node.put("stage", version.stage().name());
    node.put("stage_since", version.stageSince().toString());
    ArrayNode aliases = node.putArray("aliases");
    version.aliases().forEach(alias -> aliases.add(alias.value()));
    node.put("description", version.description());
    write(node.putObject("tags"), version.tags());
    node.put("source", version.origin().source());
    node.put("artifact_path", version.origin().artifactPath().orElse(""));
    node.put("run_id", version.origin().runId().map(RunId::value).orElse(""));
    node.put("run_link", version.origin().runLink());
    node.put("logged_model_id", version.origin().loggedModelId());
    node.put("holder", version.holder().orElse(""));
    node.put("package_digest", version.packageDigest().map(Sha256::hex).orElse(""));
    node.put("package_size_bytes", version.packageSizeBytes());
    ArrayNode flavors = node.putArray("flavors");
    version.flavors().forEach(flavor -> flavors.add(flavor.name()));
    write(node, version.stamp());
  }

  private static ModelVersion version(JsonNode node) {
    List<AliasName> aliases = new ArrayList<>();
    node.path("aliases").forEach(alias -> aliases.add(new AliasName(alias.asText())));
    List<Flavor> flavors = new ArrayList<>();
    node.path("flavors").forEach(flavor -> flavors.add(new Flavor(flavor.asText(), Map.of())));
    return new ModelVersion(
        new ModelName(node.path("name").asText()),
        new VersionNumber(node.path("version").asLong()),
        ModelVersionState.valueOf(node.path("state").asText()),
        node.path("state_reason").asText(),
        Stage.valueOf(node.path("stage").asText()),
        Instant.parse(node.path("stage_since").asText()),
        aliases,
        node.path("description").asText(),
        tags(node),
        new VersionOrigin(
            node.path("source").asText(),
            optional(node, "artifact_path"),
            optional(node, "run_id").map(RunId::new),
            node.path("run_link").asText(),
            node.path("logged_model_id").asText()),
        optional(node, "holder"),
        optional(node, "package_digest").map(Sha256::new),
        node.path("package_size_bytes").asLong(),
        Optional.empty(),
        flavors,
        stamp(node));
  }

  private static void write(ObjectNode node, Webhook webhook) {
    WebhookSettings settings = webhook.settings();
    node.put("webhook_id", webhook.id().value());
    node.put("name", settings.name());
    node.put("description", settings.description());
    node.put("url", settings.url());
    node.put("format", settings.format().name());
    ArrayNode events = node.putArray("events");
    for (WebhookEvent event : settings.events()) {
      ObjectNode entry = events.addObject();
      entry.put("entity", event.entity().name());
      entry.put("action", event.action().map(Enum::name).orElse(""));
    }
    ArrayNode models = node.putArray("model_names");
    settings.models().forEach(model -> models.add(model.value()));
    node.put("state", settings.state().name());
    node.put("timeout_millis", settings.timeout().toMillis());
    node.put("max_attempts", settings.maxAttempts());
    write(node, webhook.stamp());
  }

  private static Webhook webhook(JsonNode node) {
    List<WebhookEvent> events = new ArrayList<>();
    for (JsonNode entry : node.path("events")) {
      events.add(WebhookReader.event(entry.path("entity").asText(), entry.path("action").asText()));
    }
    List<ModelName> models = new ArrayList<>();
    node.path("model_names").forEach(model -> models.add(new ModelName(model.asText())));
    return new Webhook(
        new WebhookId(node.path("webhook_id").asText()),
        new WebhookSettings(
            node.path("name").asText(),
            node.path("description").asText(),
            node.path("url").asText(),
            WebhookFormat.valueOf(node.path("format").asText(WebhookFormat.STANDARD.name())),
            events,
            models,
            WebhookState.valueOf(node.path("state").asText()),
            Duration.ofMillis(node.path("timeout_millis").asLong()),
            node.path("max_attempts").asInt()),
        stamp(node),
        0);
  }

  private static void write(ObjectNode node, ChangeStamp stamp) {
    node.put("created_at", stamp.createdAt().toString());
    node.put("created_by", stamp.createdBy());
    node.put("updated_at", stamp.updatedAt().toString());
    node.put("updated_by", stamp.updatedBy());
    node.put("revision", stamp.revision());
  }

  private static ChangeStamp stamp(JsonNode node) {
    return new ChangeStamp(
        Instant.parse(node.path("created_at").asText()),
        node.path("created_by").asText(),
        Instant.parse(node.path("updated_at").asText()),
        node.path("updated_by").asText(),
        node.path("revision").asLong());
  }

  private static void write(ObjectNode node, Map<String, String> tags) {
    tags.forEach(node::put);
  }

  private static Map<String, String> tags(JsonNode node) {
    Map<String, String> tags = new HashMap<>();
    node.path("tags").properties().forEach(tag -> tags.put(tag.getKey(), tag.getValue().asText()));
    return tags;
  }

  private static Optional<String> optional(JsonNode node, String key) {
    return Optional.of(node.path(key).asText()).filter(text -> !text.isEmpty());
  }

  private static String text(JsonNode node) {
    try {
      return JSON.writeValueAsString(node);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static JsonNode parse(String text) {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }
}
