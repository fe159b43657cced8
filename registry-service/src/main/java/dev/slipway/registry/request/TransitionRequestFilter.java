package dev.slipway.registry.request;

import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.version.VersionNumber;
import java.util.Optional;

/** Says which transition requests are wanted; what is absent does not narrow. */
public record TransitionRequestFilter(
    Optional<ModelName> name,
    Optional<VersionNumber> version,
    Optional<TransitionRequestState> state,
    Optional<String> requestedBy) {}
