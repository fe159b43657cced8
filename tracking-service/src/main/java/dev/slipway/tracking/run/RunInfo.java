package dev.slipway.tracking.run;

import dev.slipway.tracking.experiment.ExperimentId;
import java.time.Instant;
import java.util.Optional;

/**
 * Is the identity and state of a run.
 *
 * @param name mirrored in the tag {@code mlflow.runName}
 * @param userId as the client said; possibly empty
 * @param startTime to the millisecond
 * @param endTime to the millisecond; absent while the execution has not ended
 * @param artifactUri root of the run's artifacts
 * @param deleteTime when the run was deleted; absent while it is active
 */
public record RunInfo(
    RunId id,
    ExperimentId experimentId,
    String name,
    String userId,
    RunStatus status,
    Instant startTime,
    Optional<Instant> endTime,
    String artifactUri,
    Optional<Instant> deleteTime) {
  /** The most characters of a name. */
  public static final int MAX_NAME_CHARS = 500;

  /** The most characters of a user id. */
  public static final int MAX_USER_CHARS = 256;

  /** Returns whether the run accepts writes. */
  public boolean active() {
    return deleteTime.isEmpty();
  }

  /**
   * Returns this run.
   *
   * @throws RunNotActiveException if it is deleted
   */
  public RunInfo requireActive() {
    if (!active()) {
      throw new RunNotActiveException(id);
    }
    return this;
  }
}
