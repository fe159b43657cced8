package dev.slipway.registry.model;

import java.util.Optional;

/** Says which fields of a model to change; what is absent stays. */
public record RegisteredModelUpdate(
    Optional<String> description, Optional<String> deploymentJobId) {}
