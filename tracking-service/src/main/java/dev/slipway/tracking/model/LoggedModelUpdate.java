package dev.slipway.tracking.model;

import java.util.Optional;

/** Says what of a logged model changes; absent parts stay as they are. */
public record LoggedModelUpdate(
    Optional<String> name, Optional<String> modelType, Optional<String> statusMessage) {}
