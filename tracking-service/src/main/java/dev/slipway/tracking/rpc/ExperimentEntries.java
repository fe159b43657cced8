package dev.slipway.tracking.rpc;

import dev.slipway.tracking.lifecycle.ViewType;
import dev.slipway.tracking.run.RunProjection;
import dev.slipway.tracking.v1.Experiment;
import dev.slipway.tracking.v1.ExperimentRunChange;
import dev.slipway.tracking.v1.RunChange;
import dev.slipway.tracking.v1.WatchExperimentResponse;
import dev.slipway.tracking.watch.RunDelta;
import java.util.Collections;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.Set;

/**
 * Makes messages of what changed in an experiment, one entry per run in each, each when it is asked
 * for. Not thread-safe.
 */
final class ExperimentEntries implements Iterator<WatchExperimentResponse> {
  private final Iterator<RunDelta> deltas;
  private final RunProjection projection;
  private final ViewType view;
  private final boolean mayKnowNew;
  private Optional<Experiment> experiment;
  private boolean added;
  private String runId = "";
  private Iterator<RunChange> pieces = Collections.emptyIterator();
  private Optional<ExperimentRunChange> next;

  /**
   * Creates the messages.
   *
   * @param mayKnowNew whether the caller may know runs that came to be since: it does when it was
   *     shown what the database had, which may have been ahead of the log of changes
   */
  ExperimentEntries(
      Optional<Experiment> experiment,
      List<RunDelta> deltas,
      RunProjection projection,
      ViewType view,
      boolean mayKnowNew) {
    this.experiment = experiment;
    this.deltas = deltas.iterator();
    this.projection = projection;
    this.view = view;
    this.mayKnowNew = mayKnowNew;
    this.next = advance();
  }

  static ExperimentRunChange changed(String runId, RunChange change) {
    return ExperimentRunChange.newBuilder()
        .setType(ExperimentRunChange.Type.TYPE_CHANGED)
        .setRunId(runId)
        .setChange(change)
        .build();
  }

  @Override
  public boolean hasNext() {
    return experiment.isPresent() || next.isPresent();
  }

  @Override
  public WatchExperimentResponse next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    WatchExperimentResponse.Builder message = WatchExperimentResponse.newBuilder();
    experiment.ifPresent(message::setExperiment);
    experiment = Optional.empty();
    Set<String> runs = new HashSet<>();
    int bytes = 0;
    while (next.isPresent() && runs.add(next.get().getRunId())) {
      int size = next.get().getSerializedSize();
      if (bytes > 0 && bytes + size > RunPieces.MAX_BYTES) {
        break;
      }
      bytes += size;
      message.addChanges(next.get());
      next = advance();
    }
    return message.build();
  }

  private Optional<ExperimentRunChange> advance() {
    while (true) {
      if (pieces.hasNext()) {
        return Optional.of(entry(pieces.next()));
      }
      if (!deltas.hasNext()) {
        return Optional.empty();
      }
      RunDelta delta = deltas.next();
      runId = delta.info().id().toString();
      if (isInView(delta)) {
        // It may have been shown, or not, where it was read while it came or moved.
        added = delta.listed();
        pieces =
            added ? RunPieces.ofNew(delta, projection) : RunPieces.of(delta, projection, false);
      } else if (delta.listed() && (mayKnowNew || !delta.created())) {
        return Optional.of(
            ExperimentRunChange.newBuilder()
                .setType(ExperimentRunChange.Type.TYPE_REMOVED)
                .setRunId(runId)
                .build());
      }
    }
  }

  private boolean isInView(RunDelta delta) {
    return switch (view) {
      case ACTIVE_ONLY -> delta.info().active();
      case DELETED_ONLY -> !delta.info().active();
      case ALL -> true;
    };
  }

  private ExperimentRunChange entry(RunChange piece) {
    if (!added) {
      return changed(runId, piece);
    }
    added = false;
    return ExperimentRunChange.newBuilder()
        .setType(ExperimentRunChange.Type.TYPE_ADDED)
        .setRunId(runId)
        .setRun(RunPieces.run(piece))
        .build();
  }
}
