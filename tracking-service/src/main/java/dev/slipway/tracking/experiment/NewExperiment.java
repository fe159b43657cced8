package dev.slipway.tracking.experiment;

import dev.slipway.tracking.entry.Tag;
import java.util.List;
import java.util.Optional;

/**
 * Is an experiment to be created.
 *
 * @param requestId idempotency key; a second creation with the same one returns the first
 *     experiment
 * @param artifactLocation root of its artifacts; absent for one below the server's artifact root
 * @param tags no key twice
 */
public record NewExperiment(
    Optional<String> requestId, String name, Optional<String> artifactLocation, List<Tag> tags) {
  /** Copies the tags. */
  public NewExperiment {
    tags = List.copyOf(tags);
  }
}
