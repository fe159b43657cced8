package dev.slipway.registry.event;

import dev.slipway.registry.check.CheckResult;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.model.RegisteredModel;
import dev.slipway.registry.policy.StagePolicy;
import dev.slipway.registry.request.TransitionRequest;
import dev.slipway.registry.version.ModelVersion;
import dev.slipway.registry.version.VersionNumber;
import dev.slipway.registry.webhook.Webhook;
import java.util.Optional;

/** Is how one thing looked at one moment. */
public sealed interface RegistryState {
  /** Is a model. */
  record OfModel(RegisteredModel model) implements RegistryState {
    @Override
    public Optional<ModelName> modelName() {
      return Optional.of(model.name());
    }

    @Override
    public Optional<VersionNumber> versionNumber() {
      return Optional.empty();
    }

    @Override
    public long weight() {
      return model.weight();
    }
  }

  /** Is a version, without signature and flavor configuration. */
  record OfVersion(ModelVersion version) implements RegistryState {
    @Override
    public Optional<ModelName> modelName() {
      return Optional.of(version.name());
    }

    @Override
    public Optional<VersionNumber> versionNumber() {
      return Optional.of(version.number());
    }

    @Override
    public long weight() {
      return version.weight();
    }
  }

  /** Is a verdict that was reported on a version. */
  record OfCheckResult(ModelName model, VersionNumber version, CheckResult result)
      implements RegistryState {
    @Override
    public Optional<ModelName> modelName() {
      return Optional.of(model);
    }

    @Override
    public Optional<VersionNumber> versionNumber() {
      return Optional.of(version);
    }

    @Override
    public long weight() {
      return result.weight();
    }
  }

  /** Is a webhook, without its secret and without its deliveries. */
  record OfWebhook(Webhook webhook) implements RegistryState {
    @Override
    public Optional<ModelName> modelName() {
      return Optional.empty();
    }

    @Override
    public Optional<VersionNumber> versionNumber() {
      return Optional.empty();
    }

    @Override
    public long weight() {
      return webhook.weight();
    }
  }

  /** Is a stage policy. */
  record OfPolicy(StagePolicy policy) implements RegistryState {
    @Override
    public Optional<ModelName> modelName() {
      return policy.name();
    }

    @Override
    public Optional<VersionNumber> versionNumber() {
      return Optional.empty();
    }

    @Override
    public long weight() {
      return policy.weight();
    }
  }

  /** Is a transition request. */
  record OfRequest(TransitionRequest request) implements RegistryState {
    @Override
    public Optional<ModelName> modelName() {
      return Optional.of(request.name());
    }

    @Override
    public Optional<VersionNumber> versionNumber() {
      return Optional.of(request.version());
    }

    @Override
    public long weight() {
      return request.weight();
    }
  }

  /** Returns the name of the model that the thing belongs to; absent when it belongs to none. */
  Optional<ModelName> modelName();

  /** Returns the version that the thing belongs to; absent when it belongs to none. */
  Optional<VersionNumber> versionNumber();

  /** Returns about how many bytes it has. */
  long weight();
}
