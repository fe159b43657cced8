package dev.slipway.registry.rpc;

import com.google.protobuf.Timestamp;
import dev.slipway.engine.packaging.Flavor;
import dev.slipway.registry.actor.ChangeStamp;
import dev.slipway.registry.event.RegistryChange;
import dev.slipway.registry.event.RegistryEventType;
import dev.slipway.registry.event.RegistryState;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.v1.ModelAlias;
import dev.slipway.registry.v1.ModelVersion;
import dev.slipway.registry.v1.ModelVersionState;
import dev.slipway.registry.v1.RegisteredModel;
import dev.slipway.registry.v1.RegistryEvent;
import dev.slipway.registry.v1.Stage;
import dev.slipway.registry.v1.StageVersion;
import dev.slipway.registry.version.RunId;
import dev.slipway.registry.version.Sha256;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;

/** Turns domain values into messages. */
final class RegistryProtos {
  private static final String EVENT_TYPE_PREFIX = "REGISTRY_EVENT_TYPE_";
  private static final String STATE_PREFIX = "MODEL_VERSION_STATE_";

  private RegistryProtos() {}

  static RegisteredModel model(dev.slipway.registry.model.RegisteredModel model) {
    ChangeStamp stamp = model.stamp();
    RegisteredModel.Builder message =
        RegisteredModel.newBuilder()
            .setName(model.name().value())
            .setDescription(model.description())
            .putAllTags(model.tags())
            .setCreateTime(time(stamp.createdAt()))
            .setUpdateTime(time(stamp.updatedAt()))
            .setCreatedBy(stamp.createdBy())
            .setUpdatedBy(stamp.updatedBy())
            .setLastVersion(model.lastVersion())
            .setRevision(stamp.revision())
            .setDeploymentJobId(model.deploymentJobId());
    model.aliases().forEach(alias -> message.addAliases(alias(alias)));
    model
        .latestVersions()
        .forEach(
            at ->
                message.addLatestVersions(
                    StageVersion.newBuilder()
                        .setStage(stage(at.stage()))
                        .setVersion(at.version().value())));
    return message.build();
  }

  static ModelAlias alias(dev.slipway.registry.model.ModelAlias alias) {
    return ModelAlias.newBuilder()
        .setAlias(alias.alias().value())
        .setVersion(alias.version().value())
        .setProtectedByRole(alias.protectedByRole().orElse(""))
        .build();
  }

  static ModelVersion version(dev.slipway.registry.version.ModelVersion version) {
    ChangeStamp stamp = version.stamp();
    ModelVersion.Builder message =
        ModelVersion.newBuilder()
            .setName(version.name().value())
            .setVersion(version.number().value())
            .setState(ModelVersionState.valueOf(STATE_PREFIX + version.state().name()))
            .setStateReason(version.stateReason())
            .setStage(stage(version.stage()))
            .setStageTime(time(version.stageSince()))
            .setDescription(version.description())
            .putAllTags(version.tags())
            .setSource(version.origin().source())
            .setArtifactPath(version.origin().artifactPath().orElse(""))
            .setRunId(version.origin().runId().map(RunId::value).orElse(""))
            .setRunLink(version.origin().runLink())
            .setLoggedModelId(version.origin().loggedModelId())
            .setPackageDigest(version.packageDigest().map(Sha256::hex).orElse(""))
            .setPackageSizeBytes(version.packageSizeBytes())
            .setCreateTime(time(stamp.createdAt()))
            .setUpdateTime(time(stamp.updatedAt()))
            .setCreatedBy(stamp.createdBy())
            .setUpdatedBy(stamp.updatedBy())
            .setRevision(stamp.revision());
    version.aliases().forEach(alias -> message.addAliases(alias.value()));
    version
        .signature()
        .ifPresent(signature -> message.setSignature(SignatureProtos.signature(signature)));
    for (Flavor flavor : version.flavors()) {
      var entry = dev.slipway.registry.v1.Flavor.newBuilder().setName(flavor.name());
      if (!flavor.config().isEmpty()) {
        entry.setConfig(SignatureProtos.struct(flavor.config()));
      }
      message.addFlavors(entry);
    }
    return message.build();
  }

  static RegistryEvent event(dev.slipway.registry.event.RegistryEvent event) {
    RegistryEvent.Builder message =
        RegistryEvent.newBuilder()
            .setRevision(event.revision())
            .setTime(time(event.time()))
            .setActor(event.actor())
            .setType(
                dev.slipway.registry.v1.RegistryEventType.valueOf(
                    EVENT_TYPE_PREFIX + event.type().name()))
            .setName(event.name().map(ModelName::value).orElse(""))
            .setVersion(event.version().map(v -> v.value()).orElse(0L))
            .setComment(event.comment())
            .setForced(event.forced());
    event.change().before().ifPresent(state -> message.setBefore(state(state)));
    event.change().after().ifPresent(state -> message.setAfter(state(state)));
    for (RegistryChange change : event.alsoChanged()) {
      var entry = message.addAlsoChangedBuilder();
      change.before().ifPresent(state -> entry.setBefore(state(state)));
      change.after().ifPresent(state -> entry.setAfter(state(state)));
    }
    return message.build();
  }

  static Stage stage(dev.slipway.registry.version.Stage stage) {
    return switch (stage) {
      case NONE -> Stage.STAGE_NONE;
      case STAGING -> Stage.STAGE_STAGING;
      case PRODUCTION -> Stage.STAGE_PRODUCTION;
      case ARCHIVED -> Stage.STAGE_ARCHIVED;
    };
  }

  static Optional<dev.slipway.registry.version.Stage> stage(Stage stage) {
    return Arrays.stream(dev.slipway.registry.version.Stage.values())
        .filter(candidate -> stage(candidate) == stage)
        .findFirst();
  }

  /** Finds the type of a message; empty when it is unspecified or unknown. */
  static Optional<RegistryEventType> type(dev.slipway.registry.v1.RegistryEventType type) {
    return Arrays.stream(RegistryEventType.values())
        .filter(candidate -> (EVENT_TYPE_PREFIX + candidate.name()).equals(type.name()))
        .findFirst();
  }

  static Timestamp time(Instant instant) {
    return Timestamp.newBuilder()
        .setSeconds(instant.getEpochSecond())
        .setNanos(instant.getNano())
        .build();
  }

  private static dev.slipway.registry.v1.RegistryState state(RegistryState state) {
    var message = dev.slipway.registry.v1.RegistryState.newBuilder();
    if (state instanceof RegistryState.OfModel of) {
      message.setRegisteredModel(model(of.model()));
    } else if (state instanceof RegistryState.OfVersion of) {
      message.setModelVersion(version(of.version()));
    } else if (state instanceof RegistryState.OfCheckResult of) {
      message.setCheckResult(CheckProtos.result(of.result()));
    } else if (state instanceof RegistryState.OfWebhook of) {
      message.setWebhook(WebhookProtos.webhook(of.webhook()));
    } else if (state instanceof RegistryState.OfPolicy of) {
      message.setStagePolicy(StagePolicyProtos.policy(of.policy()));
    } else if (state instanceof RegistryState.OfRequest of) {
      message.setTransitionRequest(TransitionRequestProtos.request(of.request()));
    }
    return message.build();
  }
}
