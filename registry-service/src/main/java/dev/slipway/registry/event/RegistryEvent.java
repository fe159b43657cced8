package dev.slipway.registry.event;

import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.model.TextSize;
import dev.slipway.registry.version.VersionNumber;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Is one command that changed the registry.
 *
 * @param revision unique, gapless, in the order of commit
 * @param modelId the model concerned, by its lasting identity; absent when the event is about none
 * @param name the model's name at the time, after a rename the new one; absent like the identity
 * @param version absent when the event is not about one version
 * @param change what the command was about
 * @param alsoChanged what else it changed
 */
public record RegistryEvent(
    long revision,
    Instant time,
    String actor,
    RegistryEventType type,
    OptionalLong modelId,
    Optional<ModelName> name,
    Optional<VersionNumber> version,
    RegistryChange change,
    List<RegistryChange> alsoChanged,
    String comment,
    boolean forced) {
  /** Copies the list. */
  public RegistryEvent {
    alsoChanged = List.copyOf(alsoChanged);
  }

  /** Returns about how many bytes it has. */
  public long weight() {
    return TextSize.of(comment)
        + change.weight()
        + alsoChanged.stream().mapToLong(RegistryChange::weight).sum();
  }
}
