package dev.slipway.registry.store;

import java.time.Instant;

/** Is a row of {@code registered_model}. */
public record RegisteredModelRow(
    long modelId,
    String name,
    String description,
    String deploymentJobId,
    long lastVersion,
    Instant createdAt,
    String createdBy,
    Instant updatedAt,
    String updatedBy,
    long revision) {}
