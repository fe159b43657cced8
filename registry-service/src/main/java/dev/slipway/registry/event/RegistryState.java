package dev.slipway.registry.event;

import dev.slipway.registry.model.RegisteredModel;
import dev.slipway.registry.version.ModelVersion;

/** Is how one thing looked at one moment. */
public sealed interface RegistryState {
  /** Is a model. */
  record OfModel(RegisteredModel model) implements RegistryState {}

  /** Is a version, without signature and flavor configuration. */
  record OfVersion(ModelVersion version) implements RegistryState {}
}
