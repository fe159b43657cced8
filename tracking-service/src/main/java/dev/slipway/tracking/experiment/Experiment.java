package dev.slipway.tracking.experiment;

import dev.slipway.tracking.entry.Tag;
import java.time.Instant;
import java.util.List;

/**
 * Is a named group of runs.
 *
 * @param name unique among all experiments, deleted ones included
 * @param artifactLocation root URI of the artifacts of its runs
 * @param active false once it is deleted
 * @param createTime to the millisecond
 * @param updateTime when name, tags or stage last changed, to the millisecond
 * @param tags in order of key
 */
public record Experiment(
    ExperimentId id,
    String name,
    String artifactLocation,
    boolean active,
    Instant createTime,
    Instant updateTime,
    List<Tag> tags) {
  /** The most characters of a name. */
  public static final int MAX_NAME_CHARS = 500;

  /** The most characters of an artifact location. */
  public static final int MAX_LOCATION_CHARS = 2048;

  /** The name of the experiment that always exists. */
  public static final String DEFAULT_NAME = "Default";

  /** Copies the tags. */
  public Experiment {
    tags = List.copyOf(tags);
  }

  /** Returns the artifact location with a slash at its end. */
  public String artifactFolder() {
    return artifactLocation.endsWith("/") ? artifactLocation : artifactLocation + "/";
  }

  /** Returns the experiment with other tags. */
  public Experiment withTags(List<Tag> newTags) {
    return new Experiment(id, name, artifactLocation, active, createTime, updateTime, newTags);
  }

  /**
   * Returns this experiment.
   *
   * @throws ExperimentNotActiveException if it is deleted
   */
  public Experiment requireActive() {
    if (!active) {
      throw new ExperimentNotActiveException(id);
    }
    return this;
  }
}
