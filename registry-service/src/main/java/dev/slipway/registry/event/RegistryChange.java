package dev.slipway.registry.event;

import dev.slipway.registry.model.RegisteredModel;
import dev.slipway.registry.request.TransitionRequest;
import dev.slipway.registry.version.ModelVersion;
import java.util.Optional;

/**
 * Is a change of one thing.
 *
 * @param before absent when it was created
 * @param after absent when it was deleted
 */
public record RegistryChange(Optional<RegistryState> before, Optional<RegistryState> after) {
  /** Returns about how many bytes it has. */
  public long weight() {
    return before.map(RegistryState::weight).orElse(0L)
        + after.map(RegistryState::weight).orElse(0L);
  }

  /** Returns the creation of a model. */
  public static RegistryChange created(RegisteredModel model) {
    return new RegistryChange(Optional.empty(), Optional.of(new RegistryState.OfModel(model)));
  }

  /** Returns the creation of a version. */
  public static RegistryChange created(ModelVersion version) {
    return new RegistryChange(Optional.empty(), Optional.of(new RegistryState.OfVersion(version)));
  }

  /** Returns the creation of a transition request. */
  public static RegistryChange created(TransitionRequest request) {
    return new RegistryChange(Optional.empty(), Optional.of(new RegistryState.OfRequest(request)));
  }

  /** Returns the change of a transition request. */
  public static RegistryChange of(TransitionRequest before, TransitionRequest after) {
    return new RegistryChange(
        Optional.of(new RegistryState.OfRequest(before)),
        Optional.of(new RegistryState.OfRequest(after)));
  }

  /** Returns the end of a transition request that goes with its version. */
  public static RegistryChange deleted(TransitionRequest request) {
    return new RegistryChange(Optional.of(new RegistryState.OfRequest(request)), Optional.empty());
  }

  /** Returns the change of a model. */
  public static RegistryChange of(RegisteredModel before, RegisteredModel after) {
    return new RegistryChange(
        Optional.of(new RegistryState.OfModel(before)),
        Optional.of(new RegistryState.OfModel(after)));
  }

  /** Returns the change of a version. */
  public static RegistryChange of(ModelVersion before, ModelVersion after) {
    return new RegistryChange(
        Optional.of(new RegistryState.OfVersion(before)),
        Optional.of(new RegistryState.OfVersion(after)));
  }

  /** Returns the end of a model. */
  public static RegistryChange deleted(RegisteredModel model) {
    return new RegistryChange(Optional.of(new RegistryState.OfModel(model)), Optional.empty());
  }

  /** Returns the end of a version. */
  public static RegistryChange deleted(ModelVersion version) {
    return new RegistryChange(Optional.of(new RegistryState.OfVersion(version)), Optional.empty());
  }
}
