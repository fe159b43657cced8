package dev.slipway.tracking.store;

import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.metric.LatestPoints;
import dev.slipway.tracking.metric.SegmentReader;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.store.FeedDao.HeadRow;
import dev.slipway.tracking.store.FeedDao.StampRow;
import dev.slipway.tracking.watch.FeedChanges;
import dev.slipway.tracking.watch.FeedQuery;
import dev.slipway.tracking.watch.LogPositions.Range;
import dev.slipway.tracking.watch.RunDelta;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;

/**
 * Answers one {@link FeedQuery} in one transaction.
 *
 * <p>Each statement sees what is committed when it begins. Segments are read before stamps, since a
 * compaction that takes segments out says so by a stamp, and stamps before what they speak of: it
 * may then be newer than its stamp, and is told again the next time, but never missed. Only a run's
 * own state is read together with its stamps, since these say how it came about. What the
 * experiment says of itself and of purges is read last: a later change of a run may have carried
 * the position beyond it already, and a run that is gone by now was purged.
 */
final class FeedRead {
  /** More runs than these, and reading the experiment anew is no more work. */
  private static final int MAX_RUNS = 5_000;

  /** More segments than these, and reading anew is no more work. */
  private static final int MAX_SEGMENTS = 20_000;

  private final FeedDao dao;
  private final Handle handle;
  private final FeedQuery query;
  private final RunDeltas deltas;

  /** Absent when it is not known where points may have been appended. */
  private final Optional<List<Range>> ranges;

  FeedRead(Handle handle, FeedQuery query) {
    this.handle = handle;
    this.dao = handle.attach(FeedDao.class);
    this.query = query;
    this.deltas = new RunDeltas(handle, query.segmentsMayBeGone());
    this.ranges = query.through().since(query.after());
  }

  FeedChanges read() {
    return new FeedChanges(readRuns(), readExperiments());
  }

  private Map<RunId, FeedChanges.OfRun> readRuns() {
    if (query.runs().isEmpty()) {
      return Map.of();
    }
    LatestPoints touched = new LatestPoints();
    AppendedPoints appended = new AppendedPoints();
    List<UUID> wanted =
        query.runs().entrySet().stream()
            .filter(run -> run.getValue() != FeedQuery.FROM_NOW)
            .map(run -> run.getKey().uuid())
            .toList();
    boolean allSegments = readSegmentsOfRuns(wanted, touched, appended);
    List<StampRow> stamps = dao.stamps(ids(query.runs().keySet()));
    List<RunDeltas.Dirty> dirty = new ArrayList<>();
    for (StampRow stamp : stamps) {
      long after = query.runs().get(new RunId(stamp.run()));
      if (stamp.revision() > after || touched.byRun().containsKey(new RunId(stamp.run()))) {
        dirty.add(new RunDeltas.Dirty(stamp.run(), after));
      }
    }
    Map<UUID, RunDelta> byRun = new HashMap<>();
    Set<UUID> tooMuch = new HashSet<>();
    if (allSegments) {
      RunDeltas.Loaded loaded = deltas.load(dirty, false, touched, appended);
      loaded.deltas().forEach(delta -> byRun.put(delta.info().id().uuid(), delta));
      loaded.rest().forEach(run -> tooMuch.add(run.run()));
    } else {
      tooMuch.addAll(wanted);
    }
    return stamps.stream()
        .collect(
            Collectors.toMap(
                stamp -> new RunId(stamp.run()),
                stamp ->
                    new FeedChanges.OfRun(
                        stamp.revision(),
                        Optional.ofNullable(byRun.get(stamp.run())),
                        tooMuch.contains(stamp.run()))));
  }

  /** Returns whether all segments have been read; they are not when they are too many. */
  private boolean readSegmentsOfRuns(
      List<UUID> runs, LatestPoints touched, AppendedPoints appended) {
    if (runs.isEmpty() || ranges.map(List::isEmpty).orElse(true)) {
      return runs.isEmpty() || ranges.isPresent();
    }
    List<UUID> ofRuns = new ArrayList<>();
    List<Range> parts = new ArrayList<>();
    for (UUID run : runs) {
      for (Range range : ranges.get()) {
        ofRuns.add(run);
        parts.add(range);
      }
    }
    AtomicInteger segments = new AtomicInteger();
    dao.segmentsOfRuns(
        ofRuns.toArray(UUID[]::new),
        longs(parts, Range::logId),
        longs(parts, Range::after),
        longs(parts, Range::through),
        MAX_SEGMENTS + 1,
        row -> {
          segments.incrementAndGet();
          RunId run = new RunId(row.run());
          SegmentReader.readLatest(
              row.packed(), (point, nameId) -> touched.add(run, nameId, point));
          if (query.withPoints().contains(run)) {
            SegmentReader.read(
                row.packed(),
                nameId -> true,
                (point, nameId) -> appended.add(row.run(), nameId, point));
          }
        });
    return segments.get() <= MAX_SEGMENTS;
  }

  private Map<ExperimentId, FeedChanges.OfExperiment> readExperiments() {
    if (query.experiments().isEmpty()) {
      return Map.of();
    }
    Optional<Map<ExperimentId, LatestPoints>> touched = readSegmentsOfExperiments();
    List<HeadRow> heads = dao.heads(numbers(query.experiments().keySet()));
    Map<ExperimentId, FeedChanges.OfExperiment> changes = new HashMap<>();
    for (HeadRow head : heads) {
      ExperimentId id = new ExperimentId(head.experiment());
      experiment(head, touched.map(all -> all.getOrDefault(id, new LatestPoints())))
          .ifPresent(change -> changes.put(id, change));
    }
    return changes;
  }

  /** Returns the points that were appended; nothing when they are too many. */
  private Optional<Map<ExperimentId, LatestPoints>> readSegmentsOfExperiments() {
    Map<ExperimentId, LatestPoints> touched = new HashMap<>();
    Set<ExperimentId> wanted =
        query.experiments().entrySet().stream()
            .filter(entry -> entry.getValue() != FeedQuery.FROM_NOW)
            .filter(entry -> !needsAllRuns(entry.getKey(), entry.getValue()))
            .map(Map.Entry::getKey)
            .collect(Collectors.toSet());
    if (wanted.isEmpty() || ranges.map(List::isEmpty).orElse(true)) {
      return wanted.isEmpty() || ranges.isPresent() ? Optional.of(touched) : Optional.empty();
    }
    AtomicInteger segments = new AtomicInteger();
    dao.segmentsOfExperiments(
        numbers(wanted),
        longs(ranges.get(), Range::logId),
        longs(ranges.get(), Range::after),
        longs(ranges.get(), Range::through),
        MAX_SEGMENTS + 1,
        row -> {
          segments.incrementAndGet();
          LatestPoints latest =
              touched.computeIfAbsent(new ExperimentId(row.experiment()), id -> new LatestPoints());
          RunId run = new RunId(row.run());
          if (latest.byRun().size() <= MAX_RUNS) {
            SegmentReader.readLatest(
                row.packed(), (point, nameId) -> latest.add(run, nameId, point));
          }
        });
    return segments.get() <= MAX_SEGMENTS ? Optional.of(touched) : Optional.empty();
  }

  /**
   * Returns whether so many runs changed that it is of no use to look for their points. Whoever
   * keeps up hardly ever finds so many, and need not ask.
   */
  private boolean needsAllRuns(ExperimentId experiment, long after) {
    return query.segmentsMayBeGone()
        && dao.countStampsAfter(experiment.number(), after, MAX_RUNS + 1) > MAX_RUNS;
  }

  /** Returns what changed in an experiment; nothing when it was purged just now. */
  private Optional<FeedChanges.OfExperiment> experiment(
      HeadRow head, Optional<LatestPoints> touched) {
    ExperimentId id = new ExperimentId(head.experiment());
    long after = query.experiments().get(id);
    if (after == FeedQuery.FROM_NOW) {
      return Optional.of(
          new FeedChanges.OfExperiment(
              head.revision(),
              head.purged(),
              head.purgedListed(),
              Optional.empty(),
              Optional.of(List.of())));
    }
    List<StampRow> stamps =
        head.revision() > after ? dao.stampsAfter(id.number(), after, MAX_RUNS + 1) : List.of();
    // One statement sees all stamps up to the greatest that it sees, since they appear in order.
    long revision =
        Math.max(head.revision(), stamps.stream().mapToLong(StampRow::revision).max().orElse(0));
    Optional<List<RunDelta>> runs = touched.flatMap(points -> runs(stamps, after, points));
    return dao.heads(numbers(List.of(id))).stream()
        .findFirst()
        .map(
            last ->
                new FeedChanges.OfExperiment(
                    revision,
                    last.purged(),
                    last.purgedListed(),
                    last.own() > after
                        ? Optional.of(ExperimentStore.require(handle, id))
                        : Optional.empty(),
                    runs));
  }

  private Optional<List<RunDelta>> runs(List<StampRow> stamps, long after, LatestPoints touched) {
    List<RunDeltas.Dirty> dirty = new ArrayList<>();
    Set<UUID> known = new HashSet<>();
    for (StampRow stamp : stamps) {
      known.add(stamp.run());
      dirty.add(new RunDeltas.Dirty(stamp.run(), after));
    }
    for (RunId run : touched.byRun().keySet()) {
      if (known.add(run.uuid())) {
        dirty.add(new RunDeltas.Dirty(run.uuid(), after));
      }
    }
    if (dirty.size() > MAX_RUNS) {
      return Optional.empty();
    }
    RunDeltas.Loaded loaded = deltas.load(dirty, true, touched, new AppendedPoints());
    return loaded.rest().isEmpty() ? Optional.of(loaded.deltas()) : Optional.empty();
  }

  private static UUID[] ids(Collection<RunId> runs) {
    return runs.stream().map(RunId::uuid).toArray(UUID[]::new);
  }

  private static Long[] numbers(Collection<ExperimentId> experiments) {
    return experiments.stream().map(ExperimentId::number).toArray(Long[]::new);
  }

  private static <T> Long[] longs(List<T> from, Function<T, Long> number) {
    return from.stream().map(number).toArray(Long[]::new);
  }
}
