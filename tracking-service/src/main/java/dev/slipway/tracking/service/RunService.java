package dev.slipway.tracking.service;

import dev.slipway.runtime.paging.Page;
import dev.slipway.runtime.paging.PageRequest;
import dev.slipway.tracking.entry.Tag;
import dev.slipway.tracking.metric.MetricBatch;
import dev.slipway.tracking.run.LogBatch;
import dev.slipway.tracking.run.Run;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.run.RunInfo;
import dev.slipway.tracking.run.RunUpdate;
import dev.slipway.tracking.search.RunQuery;
import dev.slipway.tracking.store.RunStore;
import dev.slipway.tracking.store.RunWrite;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Applies the rules of runs that need more than one store. Thread-safe. */
public final class RunService {
  private final RunStore runs;
  private final GroupCommitter points;
  private final GroupCommitter entries;
  private final LatestFolder folder;
  private final Compactor compactor;

  /**
   * Creates the rules.
   *
   * @param points commits writes that lock nothing but their own
   * @param entries commits all others
   */
  RunService(
      RunStore runs,
      GroupCommitter points,
      GroupCommitter entries,
      LatestFolder folder,
      Compactor compactor) {
    this.runs = runs;
    this.points = points;
    this.entries = entries;
    this.folder = folder;
    this.compactor = compactor;
  }

  /**
   * Changes a run. The points of one that reaches a terminal status are compacted soon.
   *
   * @throws dev.slipway.tracking.run.RunNotFoundException if there is none with the id
   * @throws dev.slipway.tracking.run.RunNotActiveException if the run is deleted
   */
  public RunInfo update(RunId id, RunUpdate update, Instant now) {
    RunInfo run = runs.update(id, update, now);
    if (update.status().isPresent() && run.status().isTerminal()) {
      compactor.ended(id);
    }
    return run;
  }

  /** Logs a batch; the outcome is told later, when it is durable or refused. */
  public void logBatch(LogBatch batch, GroupCommitter.Outcome outcome) {
    RunWrite write =
        new RunWrite(
            batch.run(),
            Optional.empty(),
            batch.metrics(),
            batch.params(),
            batch.tags(),
            batch.modelPoints());
    (write.isPointsAlone() ? points : entries).submit(write, outcome);
  }

  /**
   * Sets tags; the outcome is told later, when they are durable or refused.
   *
   * @param tags no key twice
   */
  public void setTags(RunId run, List<Tag> tags, GroupCommitter.Outcome outcome) {
    entries.submit(
        new RunWrite(run, Optional.empty(), MetricBatch.EMPTY, List.of(), tags), outcome);
  }

  /** Returns a page of the runs that match, by all points that were durable when the call began. */
  public Page<Run> search(RunQuery query, PageRequest page) {
    if (!query.metricKeys().isEmpty()) {
      folder.foldAll();
    }
    return runs.search(query, page);
  }
}
