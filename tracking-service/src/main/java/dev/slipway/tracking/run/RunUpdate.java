package dev.slipway.tracking.run;

import java.time.Instant;
import java.util.Optional;

/**
 * Says what of a run changes; absent parts stay as they are.
 *
 * @param endTime the new end time; an inner absence clears it
 */
public record RunUpdate(
    Optional<String> name,
    Optional<String> userId,
    Optional<RunStatus> status,
    Optional<Instant> startTime,
    Optional<Optional<Instant>> endTime) {
  /**
   * Returns the run as it is afterwards. A run that reaches a terminal status without an end time
   * gets {@code now}.
   *
   * @throws RunNotActiveException if the run is deleted
   */
  public RunInfo apply(RunInfo run, Instant now) {
    run.requireActive();
    RunStatus newStatus = status.orElse(run.status());
    Optional<Instant> newEnd = endTime.orElse(run.endTime());
    if (status.isPresent() && newStatus.isTerminal() && endTime.isEmpty() && newEnd.isEmpty()) {
      newEnd = Optional.of(now);
    }
    return new RunInfo(
        run.id(),
        run.experimentId(),
        name.orElse(run.name()),
        userId.orElse(run.userId()),
        newStatus,
        startTime.orElse(run.startTime()),
        newEnd,
        run.artifactUri(),
        run.deleteTime());
  }
}
