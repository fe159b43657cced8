package dev.slipway.cli.registry;

import dev.slipway.cli.client.StageName;
import dev.slipway.cli.client.TextLine;
import dev.slipway.registry.v1.ModelVersion;
import dev.slipway.registry.v1.RegistryChange;
import dev.slipway.registry.v1.RegistryEvent;
import dev.slipway.registry.v1.RegistryState;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Tells in one line what a command has changed in the registry. Stateless. */
final class EventText {
  private EventText() {}

  static String of(RegistryEvent event) {
    StringBuilder text = new StringBuilder(what(event));
    if (event.getForced()) {
      text.append(" (forced)");
    }
    if (!event.getComment().isEmpty()) {
      text.append(" \"").append(event.getComment()).append('"');
    }
    return TextLine.of(text.toString());
  }

  private static String what(RegistryEvent event) {
    ModelVersion before = event.getBefore().getModelVersion();
    ModelVersion after = event.getAfter().getModelVersion();
    return switch (event.getType()) {
      case REGISTRY_EVENT_TYPE_REGISTERED_MODEL_RENAMED ->
          event.getBefore().getRegisteredModel().getName() + " renamed to " + event.getName();
      case REGISTRY_EVENT_TYPE_REGISTERED_MODEL_TAGS_SET,
          REGISTRY_EVENT_TYPE_REGISTERED_MODEL_TAGS_DELETED ->
          thing(event)
              + ": "
              + changed(
                  event.getBefore().getRegisteredModel().getTagsMap(),
                  event.getAfter().getRegisteredModel().getTagsMap());
      case REGISTRY_EVENT_TYPE_MODEL_VERSION_TAGS_SET,
          REGISTRY_EVENT_TYPE_MODEL_VERSION_TAGS_DELETED ->
          thing(event) + ": " + changed(before.getTagsMap(), after.getTagsMap());
      case REGISTRY_EVENT_TYPE_STAGE_TRANSITIONED -> moves(event);
      case REGISTRY_EVENT_TYPE_ALIAS_SET ->
          thing(event) + ": alias" + gained(before.getAliasesList(), after.getAliasesList());
      case REGISTRY_EVENT_TYPE_ALIAS_DELETED ->
          thing(event)
              + ": no alias"
              + gained(after.getAliasesList(), before.getAliasesList())
              + " any more";
      default -> thing(event) + ": " + Words.of(event.getType(), "REGISTRY_EVENT_TYPE_");
    };
  }

  /** Returns what the event is about, as commands name it. */
  private static String thing(RegistryEvent event) {
    if (!event.getName().isEmpty()) {
      return event.getName() + (event.getVersion() == 0 ? "" : "/" + event.getVersion());
    }
    RegistryState state = event.hasAfter() ? event.getAfter() : event.getBefore();
    return state.hasWebhook() ? state.getWebhook().getName() : "all models";
  }

  private static String moves(RegistryEvent event) {
    List<String> moves = new ArrayList<>();
    moves.add(move(event.getBefore().getModelVersion(), event.getAfter().getModelVersion()));
    for (RegistryChange change : event.getAlsoChangedList()) {
      if (change.getAfter().hasModelVersion()) {
        moves.add(move(change.getBefore().getModelVersion(), change.getAfter().getModelVersion()));
      }
    }
    return String.join("; ", moves);
  }

  private static String move(ModelVersion before, ModelVersion after) {
    return "%s: %s -> %s"
        .formatted(
            ModelText.name(after), StageName.of(before.getStage()), StageName.of(after.getStage()));
  }

  /** Returns the aliases that only the later list has, each behind a space. */
  private static String gained(List<String> before, List<String> after) {
    return after.stream()
        .filter(alias -> !before.contains(alias))
        .map(alias -> " " + alias)
        .collect(Collectors.joining());
  }

  private static String changed(Map<String, String> before, Map<String, String> after) {
    TreeSet<String> keys = new TreeSet<>(before.keySet());
    keys.addAll(after.keySet());
    return "tags "
        + keys.stream()
            .filter(key -> !Objects.equals(before.get(key), after.get(key)))
            .map(key -> after.containsKey(key) ? key + "=" + after.get(key) : "without " + key)
            .collect(Collectors.joining(", "));
  }
}
