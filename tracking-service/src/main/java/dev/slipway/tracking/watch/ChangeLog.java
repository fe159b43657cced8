package dev.slipway.tracking.watch;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.tracking.experiment.Experiment;
import dev.slipway.tracking.run.RunId;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Holds the recent changes of one run, or of an experiment and its runs, for all who watch it: each
 * asks for what came after the tick that it has. Changes are folded to the latest state of each
 * part, so that a slow watcher finds no backlog, and bounded in memory: who is too far behind is
 * told to begin anew. Thread-safe.
 */
public final class ChangeLog {
  /**
   * Is a place in the log.
   *
   * @param tick counts advances of the log
   * @param position what is known at the tick
   */
  public record Mark(long tick, FeedPosition position) {}

  /**
   * Is what changed after a tick.
   *
   * @param experiment the experiment, when it changed
   * @param runs the runs that changed, in the order of their last changes
   * @param purged whether runs were purged
   * @param purgedUnseen whether one of these may have been deleted without that being told
   */
  public record Changes(
      Mark mark,
      Optional<Experiment> experiment,
      List<RunDelta> runs,
      boolean purged,
      boolean purgedUnseen) {
    /** Copies the runs. */
    public Changes {
      runs = List.copyOf(runs);
    }
  }

  /** In order of their last change. */
  @GuardedBy("this")
  private final Map<RunId, FoldedRun> runs = new LinkedHashMap<>();

  @GuardedBy("this")
  private long bytes;

  @GuardedBy("this")
  private Mark mark;

  /** Changes up to this tick are not all here. */
  @GuardedBy("this")
  private long floor;

  @GuardedBy("this")
  private Optional<Experiment> experiment = Optional.empty();

  @GuardedBy("this")
  private long experimentTick;

  @GuardedBy("this")
  private long purgedTick;

  @GuardedBy("this")
  private long purgedUnseenTick;

  /** Begins a log at a position. */
  public ChangeLog(FeedPosition position) {
    this.mark = new Mark(1, position);
  }

  /** Returns the end of the log. */
  public synchronized Mark mark() {
    return mark;
  }

  /**
   * Adds changes.
   *
   * @return whether there are any
   */
  public synchronized boolean advance(
      FeedPosition position, Optional<Experiment> newExperiment, List<RunDelta> deltas) {
    boolean changed = newExperiment.isPresent() || !deltas.isEmpty();
    mark = new Mark(mark.tick() + (changed ? 1 : 0), position);
    if (newExperiment.isPresent()) {
      experiment = newExperiment;
      experimentTick = mark.tick();
    }
    for (RunDelta delta : deltas) {
      RunId id = delta.info().id();
      FoldedRun run = runs.remove(id);
      if (run == null) {
        run = new FoldedRun();
      } else {
        bytes -= run.bytes();
      }
      run.fold(mark.tick(), delta);
      runs.put(id, run);
      bytes += run.bytes();
    }
    return changed;
  }

  /**
   * Notes that runs were purged.
   *
   * @param unseen whether some of them may have been deleted without that being told
   */
  public synchronized void purged(boolean unseen) {
    mark = new Mark(mark.tick() + 1, mark.position());
    purgedTick = mark.tick();
    purgedUnseenTick = unseen ? mark.tick() : purgedUnseenTick;
  }

  /** Goes to a position without the changes on the way: everybody has to begin anew. */
  public synchronized void skip(FeedPosition position) {
    mark = new Mark(mark.tick() + 1, position);
    floor = mark.tick();
    runs.clear();
    bytes = 0;
  }

  /** Returns the memory taken, about. */
  public synchronized long bytes() {
    return bytes;
  }

  /** Forgets changes up to a tick, which everybody has. */
  public synchronized void forget(long knownByAll) {
    Iterator<FoldedRun> oldestFirst = runs.values().iterator();
    while (oldestFirst.hasNext()) {
      FoldedRun run = oldestFirst.next();
      bytes -= run.bytes();
      if (run.tick() <= knownByAll) {
        oldestFirst.remove();
      } else {
        run.forgetAppended(knownByAll);
        bytes += run.bytes();
      }
    }
  }

  /** Forgets the oldest points and then the oldest changes until the rest takes no more memory. */
  public synchronized void shrink(long maxBytes) {
    for (FoldedRun run : runs.values()) {
      bytes -= run.bytes();
      run.omitAppended(maxBytes / 2);
      bytes += run.bytes();
    }
    Iterator<FoldedRun> oldestFirst = runs.values().iterator();
    while (bytes > maxBytes && oldestFirst.hasNext()) {
      FoldedRun run = oldestFirst.next();
      oldestFirst.remove();
      bytes -= run.bytes();
      floor = run.tick();
    }
  }

  /** Returns what changed after a tick; nothing when that is not known any more. */
  public synchronized Optional<Changes> since(long tick) {
    if (tick < floor) {
      return Optional.empty();
    }
    List<RunDelta> deltas = new ArrayList<>();
    for (FoldedRun run : runs.values()) {
      if (run.tick() > tick) {
        deltas.add(run.since(tick));
      }
    }
    return Optional.of(
        new Changes(
            mark,
            experimentTick > tick ? experiment : Optional.empty(),
            deltas,
            purgedTick > tick,
            purgedUnseenTick > tick));
  }
}
