package dev.slipway.registry.request;

import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.version.Stage;
import dev.slipway.registry.version.VersionNumber;

/**
 * Is a move that a caller asks others to agree to.
 *
 * @param archiveExisting whether the versions that hold the stage go to Archived
 * @param comment why, for those who decide
 */
public record NewTransitionRequest(
    ModelName name, VersionNumber version, Stage stage, boolean archiveExisting, String comment) {}
