package dev.slipway.registry.event;

import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.version.VersionNumber;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;

/**
 * Says which events of the audit are wanted; what is absent or empty does not narrow.
 *
 * @param from inclusive
 * @param until exclusive
 */
public record ActivityFilter(
    Optional<ModelName> name,
    Optional<VersionNumber> version,
    Optional<String> actor,
    Set<RegistryEventType> types,
    Optional<Instant> from,
    Optional<Instant> until,
    boolean oldestFirst) {
  /** Copies the set. */
  public ActivityFilter {
    types = Set.copyOf(types);
  }
}
