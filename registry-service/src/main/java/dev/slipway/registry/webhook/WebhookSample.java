package dev.slipway.registry.webhook;

import dev.slipway.registry.actor.ChangeStamp;
import dev.slipway.registry.event.RegistryChange;
import dev.slipway.registry.event.RegistryEvent;
import dev.slipway.registry.event.RegistryState;
import dev.slipway.registry.model.AliasName;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.model.RegisteredModel;
import dev.slipway.registry.version.ModelVersion;
import dev.slipway.registry.version.ModelVersionState;
import dev.slipway.registry.version.Stage;
import dev.slipway.registry.version.VersionNumber;
import dev.slipway.registry.version.VersionOrigin;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** Makes up events that tests of webhooks tell of. */
public final class WebhookSample {
  private static final ModelName NAME = new ModelName("example");
  private static final VersionNumber NUMBER = new VersionNumber(1);
  private static final String COMMENT = "a test; nothing has happened";

  private WebhookSample() {}

  /**
   * Returns an event of revision 0 that looks as if it had happened. Of what are no models,
   * versions, tags, aliases and stages, it has no state.
   *
   * @param kind what it is to tell of; has an action
   * @param models names to choose from; when there are none, {@code example}
   */
  public static RegistryEvent of(
      WebhookEvent kind, List<ModelName> models, String actor, Instant now) {
    ModelName name = models.isEmpty() ? NAME : models.get(0);
    ChangeStamp stamp = new ChangeStamp(now, actor, now, actor, 0);
    boolean ofModel =
        kind.entity() == WebhookEvent.Entity.REGISTERED_MODEL
            || kind.entity() == WebhookEvent.Entity.REGISTERED_MODEL_TAG;
    return new RegistryEvent(
        0,
        now,
        actor,
        kind.type(),
        OptionalLong.empty(),
        Optional.of(name),
        ofModel ? Optional.empty() : Optional.of(NUMBER),
        change(kind, name, stamp),
        List.of(),
        COMMENT,
        false);
  }

  private static RegistryChange change(WebhookEvent kind, ModelName name, ChangeStamp stamp) {
    RegistryState with = null;
    RegistryState without = null;
    switch (kind.entity()) {
      case REGISTERED_MODEL, REGISTERED_MODEL_TAG -> {
        with = model(name, Map.of("team", "vision"), stamp);
        without = model(name, Map.of(), stamp);
      }
      case MODEL_VERSION, MODEL_VERSION_TAG -> {
        with = version(name, Map.of("team", "vision"), List.of(), Stage.NONE, stamp);
        without = version(name, Map.of(), List.of(), Stage.NONE, stamp);
      }
      case MODEL_VERSION_ALIAS -> {
        with = version(name, Map.of(), List.of(new AliasName("champion")), Stage.NONE, stamp);
        without = version(name, Map.of(), List.of(), Stage.NONE, stamp);
      }
      case MODEL_VERSION_STAGE -> {
        with = version(name, Map.of(), List.of(), Stage.PRODUCTION, stamp);
        without = version(name, Map.of(), List.of(), Stage.STAGING, stamp);
      }
      default -> {
        return new RegistryChange(Optional.empty(), Optional.empty());
      }
    }
    boolean thing =
        kind.entity() == WebhookEvent.Entity.REGISTERED_MODEL
            || kind.entity() == WebhookEvent.Entity.MODEL_VERSION;
    return switch (kind.action().orElseThrow()) {
      case CREATED -> new RegistryChange(Optional.empty(), Optional.of(with));
      case SET, UPDATED -> new RegistryChange(Optional.of(without), Optional.of(with));
      case DELETED ->
          new RegistryChange(Optional.of(with), thing ? Optional.empty() : Optional.of(without));
    };
  }

  private static RegistryState model(ModelName name, Map<String, String> tags, ChangeStamp stamp) {
    return new RegistryState.OfModel(
        new RegisteredModel(
            0, name, "A model made up for a test.", "", tags, List.of(), List.of(), 1, stamp));
  }

  private static RegistryState version(
      ModelName name,
      Map<String, String> tags,
      List<AliasName> aliases,
      Stage stage,
      ChangeStamp stamp) {
    return new RegistryState.OfVersion(
        new ModelVersion(
            name,
            NUMBER,
            ModelVersionState.READY,
            "",
            stage,
            stamp.createdAt(),
            aliases,
            "A version made up for a test.",
            tags,
            new VersionOrigin("models:/example", Optional.empty(), Optional.empty(), "", ""),
            Optional.empty(),
            Optional.empty(),
            0,
            Optional.empty(),
            List.of(),
            stamp));
  }
}
