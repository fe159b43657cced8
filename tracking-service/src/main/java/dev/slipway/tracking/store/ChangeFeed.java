package dev.slipway.tracking.store;

import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.run.RunId;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/**
 * Stamps what a transaction changes with the next revision of its experiment, so that watchers find
 * it.
 *
 * <p>Whoever changes an experiment or its runs, other than by metric points, calls this inside its
 * transaction, after it has locked and checked what it depends on and as late as can be: {@link
 * #next} locks the experiment's revision until the transaction ends. Locks are taken in the order
 * experiment, runs, folds, revisions; several revisions in the order of their experiments. Lives
 * for one transaction.
 */
final class ChangeFeed {
  private final Handle handle;
  private final ChangeFeedDao dao;

  ChangeFeed(Handle handle) {
    this.handle = handle;
    this.dao = handle.attach(ChangeFeedDao.class);
  }

  /** Begins the revisions of a new experiment. */
  void experimentCreated(ExperimentId experiment) {
    dao.insertExperiment(experiment.number());
  }

  /**
   * Returns the revision that this transaction's changes to an experiment and its runs get. Who
   * waits for changes in this process hears of them once they are committed.
   */
  long next(ExperimentId experiment) {
    List<Long> last = dao.lock(experiment.number());
    if (last.isEmpty()) {
      throw new IllegalStateException("experiment " + experiment + " has no revision");
    }
    long revision = last.get(0) + 1;
    dao.advance(experiment.number(), revision);
    handle.afterCommit(handle.getConfig(ChangeListener.class)::changed);
    return revision;
  }

  /** Says that an experiment's own columns or tags changed. */
  void experimentChanged(ExperimentId experiment, long revision) {
    dao.experimentChanged(experiment.number(), revision);
  }

  /** Says that a run is new. */
  void runCreated(RunId run, ExperimentId experiment, long revision) {
    dao.insertRun(run.uuid(), experiment.number(), revision);
  }

  /** Says that params or tags with the revision were written to runs, or tags removed. */
  void entriesChanged(Collection<RunId> runs, long revision) {
    dao.entriesChanged(ids(runs), revision);
  }

  /** Says that name, user, status or end time of runs changed. */
  void infoChanged(Collection<RunId> runs, long revision) {
    dao.infoChanged(ids(runs), revision);
  }

  /** Says that a run was deleted or restored, or that its start time changed. */
  void listed(RunId run, long revision) {
    dao.listed(run.uuid(), revision);
  }

  /**
   * Says that all runs of an experiment are about to be deleted or restored.
   *
   * @param active whether it is about those that are active now; otherwise those that are deleted
   */
  void allListed(ExperimentId experiment, boolean active, long revision) {
    dao.allListed(experiment.number(), active, revision);
  }

  /** Says that dataset or model inputs were added to runs, or removed. */
  void inputsChanged(Collection<RunId> runs, long revision) {
    dao.inputsChanged(ids(runs), revision);
  }

  /** Says that model outputs were added to runs, or removed. */
  void outputsChanged(Collection<RunId> runs, long revision) {
    dao.outputsChanged(ids(runs), revision);
  }

  /**
   * Says that segments of a run were taken out of the metric log. Takes a revision by itself, as
   * the last thing that a compaction does; without effect when the run was purged meanwhile.
   */
  void compacted(RunId run) {
    for (long experiment : dao.experimentOf(run.uuid())) {
      dao.compacted(run.uuid(), next(new ExperimentId(experiment)));
    }
  }

  /** Says that runs are purged, and forgets them. */
  void purged(ExperimentId experiment, Collection<RunId> runs, long revision) {
    UUID[] ids = ids(runs);
    dao.purged(experiment.number(), ids, revision);
    dao.deleteRuns(ids);
    dao.deleteRemovedTags(ids);
  }

  /** Forgets an experiment that is purged, all its runs having been purged before. */
  void experimentPurged(ExperimentId experiment) {
    dao.deleteExperiment(experiment.number());
  }

  private static UUID[] ids(Collection<RunId> runs) {
    return runs.stream().map(RunId::uuid).toArray(UUID[]::new);
  }
}
