package dev.slipway.registry.store;

import java.time.Instant;

/**
 * Is a row of {@code model_version} with the name of its model and its stage, if that is an
 * exclusive one. {@code holder}, {@code packageDigest}, the signature texts and {@code stage} can
 * be null.
 */
public record ModelVersionRow(
    long modelId,
    String name,
    long version,
    String state,
    String stateReason,
    String stage,
    boolean archived,
    Instant stageSince,
    String description,
    String source,
    String artifactPath,
    String runId,
    String runLink,
    String loggedModelId,
    boolean allowMissingModelFile,
    String holder,
    String packageDigest,
    long packageSizeBytes,
    String signatureInputs,
    String signatureOutputs,
    String signatureParams,
    String flavors,
    Instant createdAt,
    String createdBy,
    Instant updatedAt,
    String updatedBy,
    long revision) {}
