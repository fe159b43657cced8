package dev.slipway.client;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Says how what was logged to a run stands.
 *
 * @param runId the run
 * @param loggedPoints points that were taken
 * @param acknowledgedPoints those of them that are durable at the service
 * @param keptPoints those of them that are in files, not acknowledged
 * @param dropped points that were logged in vain
 * @param pendingCalls params, tags, creation and end that are not answered; in files, too, once the
 *     run has ended
 * @param droppedCalls params and tags that were not taken, or lost at the end
 * @param refusals what the service has refused for good, the first hundred
 * @param spill the folder of the files, to be given to {@code slipway sync}; empty when there is
 *     nothing in it
 */
public record RunSummary(
    String runId,
    long loggedPoints,
    long acknowledgedPoints,
    long keptPoints,
    DroppedPoints dropped,
    int pendingCalls,
    long droppedCalls,
    List<TrackingException> refusals,
    Optional<Path> spill) {
  /** Copies the refusals. */
  public RunSummary {
    refusals = List.copyOf(refusals);
  }

  /** Tells whether the service has all that was logged. */
  public boolean isDelivered() {
    return loggedPoints == acknowledgedPoints
        && dropped.total() == 0
        && pendingCalls == 0
        && droppedCalls == 0
        && refusals.isEmpty();
  }
}
