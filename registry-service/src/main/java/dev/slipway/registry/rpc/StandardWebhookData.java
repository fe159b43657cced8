package dev.slipway.registry.rpc;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.registry.event.RegistryChange;
import dev.slipway.registry.event.RegistryDifference;
import dev.slipway.registry.event.RegistryEvent;
import dev.slipway.registry.event.RegistryState;
import dev.slipway.registry.model.AliasName;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.request.TransitionRequest;
import dev.slipway.registry.version.RunId;
import dev.slipway.registry.version.Stage;
import dev.slipway.registry.webhook.WebhookEvent;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Writes {@code data} of every kind of event, as the contract's {@code Webhook} describes it. */
final class StandardWebhookData {
  private StandardWebhookData() {}

  /**
   * Returns the members.
   *
   * @param whole whether texts, tags and lists are to be there
   */
  static ObjectNode of(WebhookEvent kind, RegistryEvent event, boolean whole) {
    ObjectNode data = JsonNodeFactory.instance.objectNode();
    event.name().map(ModelName::value).ifPresent(name -> data.put("name", name));
    // A text, as consumers of MLflow's webhooks expect.
    event.version().ifPresent(number -> data.put("version", Long.toString(number.value())));
    RegistryChange change = event.change();
    RegistryState subject = change.after().or(change::before).orElse(null);
    RegistryDifference difference = RegistryDifference.of(change);
    switch (kind.entity()) {
      case REGISTERED_MODEL, MODEL_VERSION -> describe(data, subject, whole);
      case REGISTERED_MODEL_TAG, MODEL_VERSION_TAG -> putTags(data, difference, whole);
      case MODEL_VERSION_ALIAS -> {
        List<AliasName> aliases =
            kind.equals(WebhookEvent.ALIAS_SET)
                ? difference.aliasesSet()
                : difference.aliasesDeleted();
        aliases.stream().findFirst().ifPresent(alias -> data.put("alias", alias.value()));
      }
      case MODEL_VERSION_STAGE -> {
        stage(change.before()).ifPresent(was -> data.put("from_stage", was.name()));
        stage(change.after()).ifPresent(is -> data.put("to_stage", is.name()));
      }
      case TRANSITION_REQUEST -> {
        if (whole) {
          putRequests(data.putArray("requests"), event);
        }
      }
      case STAGE_POLICY -> {
        if (subject instanceof RegistryState.OfPolicy of) {
          data.put("stage", of.policy().stage().name());
        }
      }
      case CHECK -> {
        if (subject instanceof RegistryState.OfCheckResult of) {
          data.put("check_name", of.result().name().value());
          data.put("outcome", of.result().outcome().name());
        }
      }
    }
    return data;
  }

  private static void describe(ObjectNode data, RegistryState state, boolean whole) {
    if (state instanceof RegistryState.OfVersion of) {
      data.put("source", of.version().origin().source());
      data.put("run_id", of.version().origin().runId().map(RunId::value).orElse(null));
      if (whole) {
        data.put("description", of.version().description());
        put(data, of.version().tags());
      }
    } else if (state instanceof RegistryState.OfModel of && whole) {
      data.put("description", of.model().description());
      put(data, of.model().tags());
    }
  }

  /** Puts what differs: tags with their new values, or keys that are gone. */
  private static void putTags(ObjectNode data, RegistryDifference difference, boolean whole) {
    Map<String, String> set = difference.tagsSet();
    List<String> gone = difference.tagsDeleted();
    if (set.size() + gone.size() == 1) {
      data.put("key", gone.isEmpty() ? set.keySet().iterator().next() : gone.get(0));
    }
    if (!whole) {
      return;
    }
    if (set.size() == 1) {
      data.put("value", set.values().iterator().next());
    }
    if (!set.isEmpty()) {
      put(data, set);
    }
    if (!gone.isEmpty()) {
      gone.forEach(data.putArray("keys")::add);
    }
  }

  private static void put(ObjectNode data, Map<String, String> tags) {
    ObjectNode node = data.putObject("tags");
    new TreeMap<>(tags).forEach(node::put);
  }

  private static void putRequests(ArrayNode requests, RegistryEvent event) {
    Stream.concat(Stream.of(event.change()), event.alsoChanged().stream())
        .flatMap(change -> change.after().or(change::before).stream())
        .forEach(
            state -> {
              if (state instanceof RegistryState.OfRequest of) {
                TransitionRequest request = of.request();
                requests
                    .addObject()
                    .put("transition_request_id", request.id().value())
                    .put("version", Long.toString(request.version().value()))
                    .put("from_stage", request.from().name())
                    .put("to_stage", request.to().name())
                    .put("state", request.state().name());
              }
            });
  }

  private static Optional<Stage> stage(Optional<RegistryState> state) {
    return state.orElse(null) instanceof RegistryState.OfVersion of
        ? Optional.of(of.version().stage())
        : Optional.empty();
  }
}
