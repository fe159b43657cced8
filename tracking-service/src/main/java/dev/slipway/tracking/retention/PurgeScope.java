package dev.slipway.tracking.retention;

import dev.slipway.tracking.experiment.ExperimentId;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;

/**
 * Says which deleted objects may be removed for good.
 *
 * @param deletedUntil those deleted at this moment or before
 * @param experiments only these experiments and what is in them; absent means all
 */
public record PurgeScope(Instant deletedUntil, Optional<Set<ExperimentId>> experiments) {
  /** Copies the set. */
  public PurgeScope {
    experiments = experiments.map(Set::copyOf);
  }
}
