package dev.slipway.tracking.store;

import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.error.ServiceException;
import dev.slipway.tracking.metric.ChartQuery;
import dev.slipway.tracking.metric.HistoryQuery;
import dev.slipway.tracking.metric.LatestPoints;
import dev.slipway.tracking.metric.MetricChart;
import dev.slipway.tracking.metric.MetricPoint;
import dev.slipway.tracking.metric.SegmentReader;
import dev.slipway.tracking.metric.WriterPosition;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.run.RunInfo;
import dev.slipway.tracking.run.RunNotFoundException;
import dev.slipway.tracking.store.MetricDao.LogRow;
import dev.slipway.tracking.store.MetricDao.PackedRow;
import dev.slipway.tracking.store.MetricDao.WriterRow;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.BiPredicate;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;

/**
 * Keeps the metric log and what is derived from it.
 *
 * <p>A process appends to a log of its own, one commit after the other. The latest points of a
 * log's commits up to its fold are in {@code latest_metric}; for those after it a reader looks into
 * the segments. A compaction (ChunkStore) makes chunks of segments that are folded; readers see
 * both. Thread-safe, except that the commits of one log must follow each other.
 */
public final class MetricStore {
  private static final int SEGMENTS_PER_FETCH = 16;

  private final Database database;
  private final MetricNames names;

  /** Creates the store. */
  public MetricStore(Database database) {
    this.database = database;
    this.names = new MetricNames(database);
    SqlArrays.register(database.jdbi());
  }

  /** Opens a log of its own for a process, and returns its id. */
  public long openLog(Instant now) {
    return database.write(
        handle -> {
          MetricDao dao = handle.attach(MetricDao.class);
          long logId = dao.nextLogId();
          dao.insertLog(logId, now.toEpochMilli());
          dao.insertFold(logId);
          return logId;
        });
  }

  /**
   * Forgets all logs that are folded entirely and saw no commit since the time given. A process
   * whose log was forgotten gets {@link #commit} refused and opens another one.
   */
  public void closeQuietLogs(Instant before) {
    database.write(
        handle -> {
          MetricDao dao = handle.attach(MetricDao.class);
          dao.deleteQuietLogs(before.toEpochMilli());
          return dao.deleteOrphanedFolds();
        });
  }

  /** Returns whether some point has been seen with the name, as far as memory tells. */
  public boolean isKnownName(String name) {
    return names.isKnown(name);
  }

  /**
   * Registers a new connection of a writer, which fences all older ones.
   *
   * @return the connection's epoch and the last durable batch
   * @throws RunNotFoundException if there is no such run
   * @throws ServiceException if the run is deleted
   */
  public WriterPosition openWriter(RunId run, String writerId) {
    return UniqueRace.run(
        () ->
            database.write(
                handle -> {
                  // Locked, so that no writer is left behind when the run is purged at this moment.
                  RunInfo info =
                      handle
                          .attach(RunDao.class)
                          .lock(run.uuid())
                          .orElseThrow(() -> new RunNotFoundException(run));
                  info.requireActive();
                  MetricDao dao = handle.attach(MetricDao.class);
                  List<WriterRow> rows =
                      dao.lockWriters(new UUID[] {run.uuid()}, new String[] {writerId});
                  if (rows.isEmpty()) {
                    dao.insertWriter(run.uuid(), writerId);
                    return new WriterPosition(1, 0);
                  }
                  WriterPosition before = rows.get(0).position();
                  dao.setEpoch(run.uuid(), writerId, before.epoch() + 1);
                  return new WriterPosition(before.epoch() + 1, before.committedSeq());
                }));
  }

  /**
   * Writes all that stands of the writes in one durable transaction. Each write is all or nothing;
   * one that is refused does not touch the others.
   *
   * @param commitNo greater than that of every commit of the log before
   * @throws LogClosedException if the log was forgotten meanwhile; nothing is written
   */
  public CommitResult commit(long logId, long commitNo, List<RunWrite> writes, Instant now) {
    Set<RunId> absent = absentRuns(writes);
    Set<String> used = new HashSet<>();
    writes.stream()
        .filter(write -> !absent.contains(write.run()))
        .forEach(write -> used.addAll(write.metrics().names()));
    Map<String, Integer> nameIds = names.resolve(used);
    return database.write(
        handle -> {
          // A commit without points adds nothing to the log.
          if (!used.isEmpty()
              && handle.attach(MetricDao.class).advanceLog(logId, commitNo, now.toEpochMilli())
                  == 0) {
            throw new LogClosedException(logId);
          }
          return new GroupCommit(handle, nameIds, absent).commit(logId, commitNo, writes);
        });
  }

  /**
   * Returns the runs that do not exist among those to which new names would be written. Names stay
   * for good, so that nobody may bring them in who has no run.
   */
  private Set<RunId> absentRuns(List<RunWrite> writes) {
    Set<RunId> runs = new HashSet<>();
    for (RunWrite write : writes) {
      if (write.writer().isEmpty() && !write.metrics().names().stream().allMatch(names::isKnown)) {
        runs.add(write.run());
      }
    }
    if (!runs.isEmpty()) {
      UUID[] ids = runs.stream().map(RunId::uuid).toArray(UUID[]::new);
      database
          .read(handle -> handle.attach(RunDao.class).findAll(ids))
          .forEach(run -> runs.remove(run.id()));
    }
    return runs;
  }

  /**
   * Writes latest points of a log.
   *
   * @param readThrough commits up to this one that are not folded are read from their segments; 0
   *     when {@code latest} has them all
   * @param through a commit that took place after {@code readThrough}; up to it {@code latest} has
   *     the points of all others that are not folded
   */
  public void fold(long logId, long readThrough, long through, LatestPoints latest) {
    UniqueRace.run(
        () ->
            database.write(
                handle -> {
                  MetricDao dao = handle.attach(MetricDao.class);
                  Optional<Long> folded = dao.lockFold(logId);
                  LatestPoints all = latest;
                  if (folded.isPresent() && folded.get() < readThrough) {
                    all = latestOfSegments(handle, logId, folded.get(), readThrough);
                    all.addAll(latest);
                  }
                  merge(dao, all);
                  if (folded.isPresent() && folded.get() < through) {
                    dao.advanceFold(logId, through);
                  }
                  return through;
                }));
  }

  /**
   * Folds the logs of other processes, alive or dead, up to their last commit, so that {@code
   * latest_metric} covers all that they had committed when the call began.
   */
  public void foldOthers(long ownLog) {
    List<LogRow> unfolded =
        database.read(handle -> handle.attach(MetricDao.class).unfoldedLogs(ownLog));
    unfolded.forEach(log -> foldFromSegments(log.logId()));
  }

  /**
   * Writes the latest points of a log up to its last commit that is visible, as its segments tell
   * them.
   */
  public void foldFromSegments(long logId) {
    UniqueRace.run(() -> database.write(handle -> foldFromSegments(handle, logId)));
  }

  private static long foldFromSegments(Handle handle, long logId) {
    MetricDao dao = handle.attach(MetricDao.class);
    Optional<Long> folded = dao.lockFold(logId);
    Optional<LogRow> log = dao.log(logId);
    if (folded.isEmpty() || log.isEmpty() || log.get().committedNo() <= folded.get()) {
      return 0;
    }
    long through = log.get().committedNo();
    merge(dao, latestOfSegments(handle, logId, folded.get(), through));
    dao.advanceFold(logId, through);
    return through;
  }

  private static LatestPoints latestOfSegments(
      Handle handle, long logId, long after, long through) {
    LatestPoints latest = new LatestPoints();
    try (Stream<PackedRow> segments =
        handle
            .createQuery(
                """
                SELECT run_id, packed FROM metric_segment
                WHERE log_id = :logId AND commit_no > :after AND commit_no <= :through
                ORDER BY commit_no
                """)
            .bind("logId", logId)
            .bind("after", after)
            .bind("through", through)
            .setFetchSize(SEGMENTS_PER_FETCH)
            .map(new MetricDao.PackedMapper())
            .stream()) {
      segments.forEach(
          row -> {
            RunId run = new RunId(row.run());
            SegmentReader.readLatest(
                row.packed(), (point, nameId) -> latest.add(run, nameId, point));
          });
    }
    return latest;
  }

  private static void merge(MetricDao dao, LatestPoints latest) {
    record Entry(UUID run, int nameId, MetricPoint point) {}
    List<Entry> entries = new ArrayList<>();
    latest
        .byRun()
        .forEach(
            (run, points) ->
                points.forEach((name, point) -> entries.add(new Entry(run.uuid(), name, point))));
    if (entries.isEmpty()) {
      return;
    }
    // All folds lock rows in one order, so that two never wait for each other.
    entries.sort(Comparator.comparing(Entry::run).thenComparingInt(Entry::nameId));
    int n = entries.size();
    UUID[] runs = new UUID[n];
    Integer[] nameIds = new Integer[n];
    Long[] steps = new Long[n];
    Long[] timestamps = new Long[n];
    Double[] values = new Double[n];
    for (int i = 0; i < n; i++) {
      Entry entry = entries.get(i);
      runs[i] = entry.run();
      nameIds[i] = entry.nameId();
      steps[i] = entry.point().step();
      timestamps[i] = entry.point().timestampMillis();
      values[i] = entry.point().value();
    }
    dao.mergeLatest(runs, nameIds, steps, timestamps, values);
  }

  /**
   * Returns points of a metric in order, equal ones once.
   *
   * @param limit most points returned; memory use is bounded by it and the size of a few segments
   *     and chunks
   */
  public List<MetricPoint> history(HistoryQuery query, int limit) {
    return names
        .find(query.metricKey())
        .map(
            nameId ->
                database.search(
                    handle -> new SeriesReader(handle, query.run(), nameId).history(query, limit)))
        .orElse(List.of());
  }

  /**
   * Reads charts of a run's metrics in the order of the query, those that have points in the range.
   *
   * @param from index of the first metric in the query
   * @param consumer takes a metric's key and its chart, and says whether to go on
   * @return index of the metric to continue with; their number when all were read
   */
  public int charts(
      ChartQuery query, RunId run, int from, BiPredicate<String, MetricChart> consumer) {
    List<String> keys = query.metricKeys();
    Map<String, Integer> nameIds = names.findAll(keys.subList(from, keys.size()));
    if (nameIds.isEmpty()) {
      return keys.size();
    }
    return database.search(
        handle -> {
          RunTail tail = new RunTail(handle, run, nameIds.values(), query);
          for (int i = from; i < keys.size(); i++) {
            String key = keys.get(i);
            Integer nameId = nameIds.get(key);
            Optional<MetricChart> chart =
                nameId == null
                    ? Optional.empty()
                    : new SeriesReader(handle, run, nameId).chart(query, tail.of(nameId));
            if (chart.isPresent() && !consumer.test(key, chart.get())) {
              return i + 1;
            }
          }
          return keys.size();
        });
  }
}
