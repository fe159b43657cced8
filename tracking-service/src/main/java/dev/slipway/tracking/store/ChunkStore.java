package dev.slipway.tracking.store;

import dev.slipway.runtime.database.Database;
import dev.slipway.tracking.metric.Chunk;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.store.ChunkDao.SegmentSize;
import dev.slipway.tracking.store.MetricDao.FoldRow;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/**
 * Makes chunks of segments. Any number of processes may do so at the same time, even on one run:
 * who finds a run locked by another leaves it alone. Thread-safe.
 */
public final class ChunkStore {
  /** Comes before every run in {@link #nextRunWithSegments}. */
  public static final RunId BEFORE_ALL = new RunId(new UUID(0, 0));

  /** Bounds the memory of a pass. */
  static final int MAX_POINTS = 250_000;

  private static final int MAX_SEGMENTS = 8_192;
  private static final int FEW_SEGMENTS = 16;

  /**
   * Is what a pass over a run did.
   *
   * @param segments how many segments became chunks
   * @param points how many points they held
   * @param more whether there is more to be done at once
   * @param waiting whether there are segments that have to wait: not folded at the moment given, or
   *     in the hands of another process
   */
  public record Pass(int segments, long points, boolean more, boolean waiting) {
    static Pass none(boolean waiting) {
      return new Pass(0, 0, false, waiting);
    }
  }

  /**
   * Is how far logs were folded at some moment. Only what was folded may become chunks: the latest
   * points of other segments are nowhere but in them.
   *
   * @param throughNos for each log that was open, its last folded commit
   */
  public record Folds(Map<Long, Long> throughNos) {
    /** Copies the map. */
    public Folds {
      throughNos = Map.copyOf(throughNos);
    }

    boolean cover(SegmentSize segment) {
      return segment.commitNo() <= throughNos.getOrDefault(segment.logId(), Long.MIN_VALUE);
    }
  }

  private final Database database;

  /** Creates the store. */
  public ChunkStore(Database database) {
    this.database = database;
    SqlArrays.register(database.jdbi());
  }

  /** Returns how far logs are folded now. */
  public Folds folds() {
    return database.read(
        handle -> {
          Map<Long, Long> throughNos = new HashMap<>();
          for (FoldRow row : handle.attach(MetricDao.class).folds()) {
            throughNos.put(row.logId(), row.foldedNo());
          }
          return new Folds(throughNos);
        });
  }

  /** Returns the run after another, in an order of the database's own, that has segments. */
  public Optional<RunId> nextRunWithSegments(RunId after) {
    return database.read(
        handle -> handle.attach(ChunkDao.class).nextRunWithSegments(after.uuid()).map(RunId::new));
  }

  /**
   * Makes chunks of a run's segments, those with the least steps first and as many as a pass may
   * take, in one transaction. Leaves them where they are few, or would make more rows as chunks.
   * Removes all points of a run that does not exist.
   *
   * @param folds how far logs were folded at a moment of the caller's choice; later segments stay,
   *     save those of logs that were closed since, being folded entirely
   */
  public Pass compact(RunId run, Folds folds) {
    UUID id = run.uuid();
    List<SegmentSize> sizes =
        database.read(handle -> handle.attach(ChunkDao.class).segmentSizes(id, MAX_SEGMENTS));
    if (sizes.isEmpty()) {
      return Pass.none(false);
    }
    // After the segments: a run is there before its segments are.
    if (database.read(handle -> handle.attach(RunDao.class).find(id)).isEmpty()) {
      return database.write(handle -> write(handle, id, new LoadedSegments(), Pass.none(false)));
    }
    List<SegmentSize> ready = ready(sizes, folds);
    List<SegmentSize> taken = firstOf(ready);
    boolean all = taken.size() == ready.size();
    Pass none = Pass.none(ready.size() < sizes.size());
    if (all && areFew(taken)) {
      return none;
    }
    LoadedSegments loaded = new LoadedSegments();
    database.read(handle -> loaded.load(handle, id, taken));
    if (all && !loaded.areWorthChunks()) {
      return none;
    }
    Pass pass =
        new Pass(
            taken.size(), loaded.points(), !all || sizes.size() == MAX_SEGMENTS, none.waiting());
    return database.write(handle -> write(handle, id, loaded, pass));
  }

  private static Pass write(Handle handle, UUID run, LoadedSegments loaded, Pass pass) {
    ChunkDao dao = handle.attach(ChunkDao.class);
    dao.ensureCompaction(run);
    if (dao.lockCompaction(run).isEmpty()) {
      return Pass.none(true);
    }
    if (handle.attach(RunDao.class).find(run).isEmpty()) {
      removeAll(dao, run);
      return Pass.none(false);
    }
    new Compaction(dao, run).write(loaded);
    new ChangeFeed(handle).compacted(new RunId(run));
    return pass;
  }

  /** Returns those segments whose latest points have been written. */
  private List<SegmentSize> ready(List<SegmentSize> sizes, Folds folds) {
    // After the segments: a log that wrote one of them and is not there any more was closed.
    Set<Long> open = folds().throughNos().keySet();
    return sizes.stream()
        .filter(segment -> folds.cover(segment) || !open.contains(segment.logId()))
        .toList();
  }

  private static List<SegmentSize> firstOf(List<SegmentSize> ready) {
    List<SegmentSize> taken = new ArrayList<>();
    long points = 0;
    for (SegmentSize segment : ready) {
      points += segment.points();
      if (points > MAX_POINTS && !taken.isEmpty()) {
        break;
      }
      taken.add(segment);
    }
    return taken;
  }

  /** Returns whether a reader hardly notices the segments. */
  private static boolean areFew(List<SegmentSize> segments) {
    return segments.size() <= FEW_SEGMENTS
        && segments.stream().mapToLong(SegmentSize::points).sum() < Chunk.MIN_POINTS;
  }

  /** Removes what a commit brought while its run was removed for good. */
  private static void removeAll(ChunkDao dao, UUID run) {
    dao.deleteSegmentsOf(run);
    dao.deleteChunksOf(run);
    dao.deleteLatestOf(run);
    dao.deleteWritersOf(run);
    dao.deleteCompactionOf(run);
  }
}
