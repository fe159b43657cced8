package dev.slipway.tracking.store;

import dev.slipway.runtime.error.ServiceException;
import dev.slipway.tracking.metric.LatestPoints;
import dev.slipway.tracking.run.RunId;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Is what became of the writes of one commit.
 *
 * @param refusals for each write, in order, why it was refused; absent when it is durable
 * @param latest the latest point per run and metric among those committed; owned by the caller
 * @param appended by run, what was appended to those that got points
 */
public record CommitResult(
    List<Optional<ServiceException>> refusals, LatestPoints latest, Map<RunId, Appended> appended) {
  /**
   * Is what was appended to a run.
   *
   * @param points how many points
   * @param metrics to how many metrics
   */
  public record Appended(int points, int metrics) {}

  /** Copies the refusals and what was appended. */
  public CommitResult {
    refusals = List.copyOf(refusals);
    appended = Map.copyOf(appended);
  }
}
