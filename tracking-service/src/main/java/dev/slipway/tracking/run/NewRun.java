package dev.slipway.tracking.run;

import dev.slipway.tracking.entry.Tag;
import dev.slipway.tracking.experiment.ExperimentId;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Is a run to be created.
 *
 * @param requestId idempotency key; a second creation with the same one returns the first run
 * @param tags no key twice; holds {@code mlflow.runName} equal to the name
 */
public record NewRun(
    Optional<String> requestId,
    RunId id,
    ExperimentId experimentId,
    String name,
    String userId,
    Instant startTime,
    List<Tag> tags) {
  /** Copies the tags. */
  public NewRun {
    tags = List.copyOf(tags);
  }
}
