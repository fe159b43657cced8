package dev.slipway.registry.event;

import dev.slipway.registry.model.RegisteredModel;
import dev.slipway.registry.version.ModelVersion;

/** Is how one thing looked at one moment. */
public sealed interface RegistryState {
  /** Is a model. */
  record OfModel(RegisteredModel model) implements RegistryState {
    @Override
    public long weight() {
      return model.weight();
    }
  }

  /** Is a version, without signature and flavor configuration. */
  record OfVersion(ModelVersion version) implements RegistryState {
    @Override
    public long weight() {
      return version.weight();
    }
  }

  /** Returns about how many bytes it has. */
  long weight();
}
