package dev.slipway.tracking.model;

import dev.slipway.runtime.error.InvalidValueException;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.run.RunId;
import java.time.Instant;
import java.util.Optional;

/**
 * Is the identity and state of a logged model.
 *
 * @param name by the rule of {@link #checkName}
 * @param modelType kind of model; possibly empty
 * @param sourceRun the run that saved the model, if any did
 * @param statusMessage explains the status; possibly empty
 * @param artifactUri root of the model's artifacts
 * @param createTime to the millisecond
 * @param updateTime when name, type, status, params, tags or stage last changed, to the millisecond
 * @param deleteTime when the model was deleted; absent while it is active
 */
public record LoggedModelInfo(
    LoggedModelId id,
    ExperimentId experimentId,
    String name,
    String modelType,
    Optional<RunId> sourceRun,
    LoggedModelStatus status,
    String statusMessage,
    String artifactUri,
    Instant createTime,
    Instant updateTime,
    Optional<Instant> deleteTime) {
  /** The most characters of a name. */
  public static final int MAX_NAME_CHARS = 500;

  /** The most characters of a type. */
  public static final int MAX_TYPE_CHARS = 500;

  /** The most characters of a status message. */
  public static final int MAX_MESSAGE_CHARS = 8000;

  private static final String NOT_IN_NAMES = "/:.%\"'";

  /**
   * Returns the name unchanged.
   *
   * @throws IllegalArgumentException if it is empty or has a character that URIs of models give
   *     another meaning
   */
  public static String checkName(String name) {
    if (name.isEmpty()) {
      throw InvalidValueException.missing();
    }
    if (name.chars().anyMatch(c -> NOT_IN_NAMES.indexOf(c) >= 0)) {
      throw new IllegalArgumentException("must contain none of / : . % \" '");
    }
    return name;
  }

  /** Returns whether the model accepts writes. */
  public boolean active() {
    return deleteTime.isEmpty();
  }

  /**
   * Returns this model.
   *
   * @throws LoggedModelNotFoundException if it is deleted
   */
  public LoggedModelInfo requireActive() {
    if (!active()) {
      throw LoggedModelNotFoundException.deleted(id);
    }
    return this;
  }

  /**
   * Returns whether the model is still to get a final status, and false when it has it already.
   *
   * @throws LoggedModelFinalizedException if it has the other final status
   */
  public boolean requireFinalizable(LoggedModelStatus finalStatus) {
    if (status == LoggedModelStatus.PENDING) {
      return true;
    }
    if (status != finalStatus) {
      throw new LoggedModelFinalizedException(id, status);
    }
    return false;
  }
}
