package dev.slipway.registry.version;

import java.util.Optional;

/** Says which fields of a version to change; what is absent stays. */
public record ModelVersionUpdate(Optional<String> description, Optional<String> runLink) {}
