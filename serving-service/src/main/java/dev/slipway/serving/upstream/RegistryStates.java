package dev.slipway.serving.upstream;

import com.google.protobuf.Timestamp;
import dev.slipway.registry.v1.ModelVersion;
import dev.slipway.registry.v1.ModelVersionState;
import dev.slipway.registry.v1.RegistryChange;
import dev.slipway.registry.v1.RegistryEvent;
import dev.slipway.registry.v1.RegistryState;
import dev.slipway.serving.catalog.CatalogChange;
import dev.slipway.serving.catalog.CatalogVersion;
import dev.slipway.serving.catalog.Stage;
import dev.slipway.serving.catalog.VersionKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Turns the registry's messages into catalog values and back. */
final class RegistryStates {
  private RegistryStates() {}

  static CatalogVersion version(ModelVersion message) {
    return new CatalogVersion(
        new VersionKey(message.getName(), message.getVersion()),
        SelectorMessages.stage(message.getStage()).orElse(Stage.NONE),
        readiness(message),
        message.getAliasesList(),
        message.getPackageDigest(),
        message.getRunId(),
        message.getSource(),
        message.getDescription(),
        instant(message.getCreateTime()));
  }

  private static CatalogVersion.Readiness readiness(ModelVersion message) {
    return switch (message.getState()) {
      case MODEL_VERSION_STATE_PENDING -> CatalogVersion.Readiness.PENDING;
      case MODEL_VERSION_STATE_FAILED -> CatalogVersion.Readiness.FAILED;
      case MODEL_VERSION_STATE_READY, MODEL_VERSION_STATE_UNSPECIFIED, UNRECOGNIZED ->
          CatalogVersion.Readiness.READY;
    };
  }

  static Instant instant(Timestamp time) {
    return Instant.ofEpochSecond(time.getSeconds(), time.getNanos());
  }

  /** Writes a version so that {@link #version} reads the same again. */
  static ModelVersion message(CatalogVersion version) {
    return ModelVersion.newBuilder()
        .setName(version.key().model())
        .setVersion(version.key().version())
        .setStage(SelectorMessages.stage(version.stage()))
        .setState(
            switch (version.readiness()) {
              case PENDING -> ModelVersionState.MODEL_VERSION_STATE_PENDING;
              case READY -> ModelVersionState.MODEL_VERSION_STATE_READY;
              case FAILED -> ModelVersionState.MODEL_VERSION_STATE_FAILED;
            })
        .addAllAliases(version.aliases())
        .setPackageDigest(version.packageDigest())
        .setRunId(version.runId())
        .setSource(version.source())
        .setDescription(version.description())
        .setCreateTime(timestamp(version.createTime()))
        .build();
  }

  static Timestamp timestamp(Instant time) {
    return Timestamp.newBuilder()
        .setSeconds(time.getEpochSecond())
        .setNanos(time.getNano())
        .build();
  }

  /**
   * Returns what an event changes, the things also changed first, so that its main state has the
   * last word.
   */
  static List<CatalogChange> changes(RegistryEvent event) {
    List<CatalogChange> changes = new ArrayList<>();
    for (RegistryChange also : event.getAlsoChangedList()) {
      add(also.getBefore(), also.getAfter(), changes);
    }
    add(event.getBefore(), event.getAfter(), changes);
    return changes;
  }

  private static void add(RegistryState before, RegistryState after, List<CatalogChange> changes) {
    if (after.hasModelVersion()) {
      changes.add(new CatalogChange.VersionPut(version(after.getModelVersion())));
    } else if (before.hasModelVersion()) {
      ModelVersion gone = before.getModelVersion();
      changes.add(
          new CatalogChange.VersionRemoved(new VersionKey(gone.getName(), gone.getVersion())));
    } else if (after.hasRegisteredModel()) {
      String name = after.getRegisteredModel().getName();
      String oldName = before.getRegisteredModel().getName();
      changes.add(
          oldName.isEmpty() || oldName.equals(name)
              ? new CatalogChange.ModelPut(
                  name, PolicyTags.read(name, after.getRegisteredModel().getTagsMap()))
              : new CatalogChange.ModelRenamed(oldName, name));
    } else if (before.hasRegisteredModel()) {
      changes.add(new CatalogChange.ModelRemoved(before.getRegisteredModel().getName()));
    }
  }
}
