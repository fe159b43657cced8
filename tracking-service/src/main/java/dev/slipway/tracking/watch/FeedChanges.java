package dev.slipway.tracking.watch;

import dev.slipway.tracking.experiment.Experiment;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.run.RunId;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Answers a {@link FeedQuery}.
 *
 * @param runs by run; without those that do not exist any more
 * @param experiments by experiment; without those that do not exist any more
 */
public record FeedChanges(Map<RunId, OfRun> runs, Map<ExperimentId, OfExperiment> experiments) {
  /** Copies the maps. */
  public FeedChanges {
    runs = Map.copyOf(runs);
    experiments = Map.copyOf(experiments);
  }

  /**
   * Is what changed in a run.
   *
   * @param revision up to which changes are known now
   * @param delta absent when nothing changed, or too much
   * @param tooMuch whether so much changed, here or in other runs, that it was not read
   */
  public record OfRun(long revision, Optional<RunDelta> delta, boolean tooMuch) {
    boolean isNothingAfter(long known) {
      return revision == known && delta.isEmpty() && !tooMuch;
    }
  }

  /**
   * Is what changed in an experiment.
   *
   * @param revision up to which changes are known now
   * @param purgedRevision when runs were last purged
   * @param purgedListedRevision when a purged run was last deleted or restored
   * @param experiment the experiment, when its own columns or tags changed
   * @param runs the runs that changed; absent when they are so many that reading all runs is better
   */
  public record OfExperiment(
      long revision,
      long purgedRevision,
      long purgedListedRevision,
      Optional<Experiment> experiment,
      Optional<List<RunDelta>> runs) {
    boolean isNothingAfter(long known) {
      return revision == known
          && purgedRevision <= known
          && experiment.isEmpty()
          && runs.map(List::isEmpty).orElse(false);
    }
  }
}
