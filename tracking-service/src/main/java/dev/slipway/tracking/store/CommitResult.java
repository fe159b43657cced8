package dev.slipway.tracking.store;

import dev.slipway.runtime.error.ServiceException;
import dev.slipway.tracking.metric.LatestPoints;
import java.util.List;
import java.util.Optional;

/**
 * Is what became of the writes of one commit.
 *
 * @param refusals for each write, in order, why it was refused; absent when it is durable
 * @param latest the latest point per run and metric among those committed; owned by the caller
 */
public record CommitResult(List<Optional<ServiceException>> refusals, LatestPoints latest) {
  /** Copies the refusals. */
  public CommitResult {
    refusals = List.copyOf(refusals);
  }
}
