package dev.slipway.tracking.watch;

import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.run.RunId;
import java.util.Map;
import java.util.Set;

/**
 * Asks what changed in runs and experiments.
 *
 * @param runs the revision after which changes of each run are wanted
 * @param experiments the revision after which changes of each experiment and its runs are wanted
 * @param after points after here are wanted
 * @param through points up to here are wanted
 * @param withPoints the runs of which appended points are wanted
 * @param segmentsMayBeGone whether so much time has passed since {@code after} that segments may
 *     have been taken out of the metric log
 */
public record FeedQuery(
    Map<RunId, Long> runs,
    Map<ExperimentId, Long> experiments,
    LogPositions after,
    LogPositions through,
    Set<RunId> withPoints,
    boolean segmentsMayBeGone) {
  /** In place of a revision: no changes are wanted, only the present revision. */
  public static final long FROM_NOW = Long.MAX_VALUE;

  /** Copies the collections. */
  public FeedQuery {
    runs = Map.copyOf(runs);
    experiments = Map.copyOf(experiments);
    withPoints = Set.copyOf(withPoints);
  }

  /** Returns whether an answer brings nothing: neither changes nor a position that is new. */
  public boolean isAnsweredByNothing(FeedChanges changes) {
    return after.equals(through)
        && changes.runs().entrySet().stream()
            .allMatch(run -> run.getValue().isNothingAfter(runs.get(run.getKey())))
        && changes.experiments().entrySet().stream()
            .allMatch(
                experiment ->
                    experiment.getValue().isNothingAfter(experiments.get(experiment.getKey())));
  }
}
