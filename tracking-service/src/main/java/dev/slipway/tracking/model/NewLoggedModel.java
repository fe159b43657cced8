package dev.slipway.tracking.model;

import dev.slipway.tracking.entry.Param;
import dev.slipway.tracking.entry.Tag;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.run.RunId;
import java.util.List;
import java.util.Optional;

/**
 * Is a logged model to be created.
 *
 * @param requestId idempotency key; a second creation with the same one returns the first model
 * @param sourceRun the run that saves the model, if any does
 * @param params no key twice
 * @param tags no key twice
 */
public record NewLoggedModel(
    Optional<String> requestId,
    LoggedModelId id,
    ExperimentId experimentId,
    String name,
    String modelType,
    Optional<RunId> sourceRun,
    List<Param> params,
    List<Tag> tags) {
  /** The most params of one request about a logged model. */
  public static final int MAX_PARAMS = 1000;

  /** Copies the lists. */
  public NewLoggedModel {
    params = List.copyOf(params);
    tags = List.copyOf(tags);
  }
}
