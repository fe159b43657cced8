package dev.slipway.registry.rpc;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.registry.event.RegistryDifference;
import dev.slipway.registry.event.RegistryEvent;
import dev.slipway.registry.event.RegistryState;
import dev.slipway.registry.model.AliasName;
import dev.slipway.registry.model.RegisteredModel;
import dev.slipway.registry.version.ModelVersion;
import dev.slipway.registry.version.RunId;
import dev.slipway.registry.webhook.WebhookEvent;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Writes {@code data} as MLflow does: for the kinds of event that it has, its members and no
 * others, whatever the event holds. For kinds that it has not, {@link StandardWebhookData}.
 */
final class MlflowWebhookData {
  private MlflowWebhookData() {}

  /**
   * Returns the members.
   *
   * @param whole whether texts and tags are to be there; the members are there without them, empty
   */
  static ObjectNode of(WebhookEvent kind, RegistryEvent event, boolean whole) {
    ObjectNode data = JsonNodeFactory.instance.objectNode();
    RegistryDifference difference = RegistryDifference.of(event.change());
    switch (kind.typeName()) {
      case "registered_model.created" -> {
        putName(data, event);
        if (event.change().after().orElse(null) instanceof RegistryState.OfModel of) {
          describe(data, of.model(), whole);
        }
      }
      case "model_version.created" -> {
        putNameAndVersion(data, event);
        if (event.change().after().orElse(null) instanceof RegistryState.OfVersion of) {
          describe(data, of.version(), whole);
        }
      }
      case "model_version_tag.set" -> {
        putNameAndVersion(data, event);
        difference.tagsSet().entrySet().stream()
            .findFirst()
            .ifPresent(
                tag -> data.put("key", tag.getKey()).put("value", whole ? tag.getValue() : ""));
      }
      case "model_version_tag.deleted" -> {
        putNameAndVersion(data, event);
        difference.tagsDeleted().stream().findFirst().ifPresent(key -> data.put("key", key));
      }
      case "model_version_alias.set" -> {
        putName(data, event);
        putAlias(data, difference.aliasesSet());
        putVersion(data, event);
      }
      case "model_version_alias.deleted" -> {
        putName(data, event);
        putAlias(data, difference.aliasesDeleted());
      }
      default -> {
        return StandardWebhookData.of(kind, event, whole);
      }
    }
    return data;
  }

  private static void putNameAndVersion(ObjectNode data, RegistryEvent event) {
    putName(data, event);
    putVersion(data, event);
  }

  private static void putName(ObjectNode data, RegistryEvent event) {
    event.name().ifPresent(name -> data.put("name", name.value()));
  }

  private static void putVersion(ObjectNode data, RegistryEvent event) {
    event.version().ifPresent(number -> data.put("version", Long.toString(number.value())));
  }

  private static void putAlias(ObjectNode data, List<AliasName> aliases) {
    aliases.stream().findFirst().ifPresent(alias -> data.put("alias", alias.value()));
  }

  private static void describe(ObjectNode data, RegisteredModel model, boolean whole) {
    putTags(data, model.tags(), whole);
    data.put("description", whole ? model.description() : "");
  }

  private static void describe(ObjectNode data, ModelVersion version, boolean whole) {
    data.put("source", version.origin().source());
    data.put("run_id", version.origin().runId().map(RunId::value).orElse(null));
    putTags(data, version.tags(), whole);
    String description = whole ? version.description() : "";
    data.put("description", description.isEmpty() ? null : description);
  }

  private static void putTags(ObjectNode data, Map<String, String> tags, boolean whole) {
    ObjectNode node = data.putObject("tags");
    if (whole) {
      new TreeMap<>(tags).forEach(node::put);
    }
  }
}
