package dev.slipway.tracking.store;

import dev.slipway.tracking.entry.KeySelection;
import dev.slipway.tracking.entry.Param;
import dev.slipway.tracking.entry.Tag;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.metric.LatestPoints;
import dev.slipway.tracking.metric.MetricPoint;
import dev.slipway.tracking.metric.SegmentReader;
import dev.slipway.tracking.run.LatestMetric;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.run.RunLineage;
import dev.slipway.tracking.store.FeedDao.HeadRow;
import dev.slipway.tracking.store.FeedDao.StampRow;
import dev.slipway.tracking.store.FeedDao.StampedRun;
import dev.slipway.tracking.store.MetricDao.NameRow;
import dev.slipway.tracking.watch.AppendedPoint;
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
import java.util.function.ToLongFunction;
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

  private static final long MAX_BYTES = 16 << 20;
  private static final int RUNS_AT_ONCE = 100;
  private static final int MAX_POINTS = 500_000;

  /** More segments than these, and reading anew is no more work. */
  private static final int MAX_SEGMENTS = 20_000;

  private static final int MAX_LISTED_NAMES = 1_000;

  private final FeedDao dao;
  private final Handle handle;
  private final FeedQuery query;

  /** Absent when it is not known where points may have been appended. */
  private final Optional<List<Range>> ranges;

  private final Map<Integer, String> names = new HashMap<>();

  FeedRead(Handle handle, FeedQuery query) {
    this.handle = handle;
    this.dao = handle.attach(FeedDao.class);
    this.query = query;
    this.ranges = query.through().since(query.after());
  }

  FeedChanges read() {
    return new FeedChanges(readRuns(), readExperiments());
  }

  /** Is a run in which something changed after a revision, or to which points were appended. */
  private record Dirty(UUID run, long after) {}

  /**
   * Is a run in which something changed, as it is now.
   *
   * @param latestUnknown whether it is not known which metrics changed
   */
  private record Changed(StampedRun now, long after, boolean whole, boolean latestUnknown) {
    UUID run() {
      return now.stamp().run();
    }

    /** Returns whether a part has changed. */
    boolean is(ToLongFunction<StampRow> stamp) {
      return stamp.applyAsLong(now.stamp()) > after;
    }

    /** Returns whether a part is wanted, since it or the whole is. */
    boolean isWanted(ToLongFunction<StampRow> stamp) {
      return whole || is(stamp);
    }
  }

  /** Is what changed in some runs, and the runs that it was too much for. */
  private record Loaded(List<RunDelta> deltas, List<Dirty> rest) {}

  /** Is points that were appended, and whether there were more. */
  private static final class Appended {
    private final Map<UUID, List<Integer>> nameIds = new HashMap<>();
    private final Map<UUID, List<MetricPoint>> points = new HashMap<>();
    private final Set<UUID> omitted = new HashSet<>();
    private int count;

    void add(UUID run, int nameId, MetricPoint point) {
      if (count >= MAX_POINTS) {
        omitted.add(run);
        return;
      }
      count++;
      nameIds.computeIfAbsent(run, r -> new ArrayList<>()).add(nameId);
      points.computeIfAbsent(run, r -> new ArrayList<>()).add(point);
    }
  }

  private Map<RunId, FeedChanges.OfRun> readRuns() {
    if (query.runs().isEmpty()) {
      return Map.of();
    }
    LatestPoints touched = new LatestPoints();
    Appended appended = new Appended();
    List<UUID> wanted =
        query.runs().entrySet().stream()
            .filter(run -> run.getValue() != FeedQuery.FROM_NOW)
            .map(run -> run.getKey().uuid())
            .toList();
    boolean allSegments = readSegmentsOfRuns(wanted, touched, appended);
    List<StampRow> stamps = dao.stamps(ids(query.runs().keySet()));
    List<Dirty> dirty = new ArrayList<>();
    for (StampRow stamp : stamps) {
      long after = query.runs().get(new RunId(stamp.run()));
      if (stamp.revision() > after || touched.byRun().containsKey(new RunId(stamp.run()))) {
        dirty.add(new Dirty(stamp.run(), after));
      }
    }
    Map<UUID, RunDelta> deltas = new HashMap<>();
    Set<UUID> tooMuch = new HashSet<>();
    if (allSegments) {
      Loaded loaded = load(dirty, false, touched, appended);
      loaded.deltas().forEach(delta -> deltas.put(delta.info().id().uuid(), delta));
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
                        Optional.ofNullable(deltas.get(stamp.run())),
                        tooMuch.contains(stamp.run()))));
  }

  /** Returns whether all segments have been read; they are not when they are too many. */
  private boolean readSegmentsOfRuns(List<UUID> runs, LatestPoints touched, Appended appended) {
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
    List<Dirty> dirty = new ArrayList<>();
    Set<UUID> known = new HashSet<>();
    for (StampRow stamp : stamps) {
      known.add(stamp.run());
      dirty.add(new Dirty(stamp.run(), after));
    }
    for (RunId run : touched.byRun().keySet()) {
      if (known.add(run.uuid())) {
        dirty.add(new Dirty(run.uuid(), after));
      }
    }
    if (dirty.size() > MAX_RUNS) {
      return Optional.empty();
    }
    Loaded loaded = load(dirty, true, touched, new Appended());
    return loaded.rest().isEmpty() ? Optional.of(loaded.deltas()) : Optional.empty();
  }

  /**
   * Loads what changed in runs, as much as fits.
   *
   * @param inLists whether a run is wanted whole when it came into a list or moved in it
   */
  private Loaded load(List<Dirty> dirty, boolean inLists, LatestPoints touched, Appended appended) {
    nameAll(touched, appended);
    List<RunDelta> deltas = new ArrayList<>();
    long bytes = 0;
    for (int from = 0; from < dirty.size(); from += RUNS_AT_ONCE) {
      List<Dirty> some = dirty.subList(from, Math.min(dirty.size(), from + RUNS_AT_ONCE));
      for (RunDelta delta : load(changed(some, inLists), touched, appended)) {
        bytes += delta.bytes();
        deltas.add(delta);
      }
      if (bytes > MAX_BYTES) {
        return new Loaded(deltas, dirty.subList(from + some.size(), dirty.size()));
      }
    }
    return new Loaded(deltas, List.of());
  }

  private void nameAll(LatestPoints touched, Appended appended) {
    Set<Integer> ids = new HashSet<>();
    touched.byRun().values().forEach(points -> ids.addAll(points.keySet()));
    appended.nameIds.values().forEach(ids::addAll);
    ids.removeAll(names.keySet());
    if (!ids.isEmpty()) {
      for (NameRow row : handle.attach(MetricDao.class).namesById(ids.toArray(Integer[]::new))) {
        names.put(row.id(), row.name());
      }
    }
  }

  private List<Changed> changed(List<Dirty> dirty, boolean inLists) {
    Map<UUID, StampedRun> now = new HashMap<>();
    for (StampedRun run : dao.stampedRuns(dirty.stream().map(Dirty::run).toArray(UUID[]::new))) {
      now.put(run.stamp().run(), run);
    }
    return dirty.stream()
        // One that is not there was purged just now, which is told by itself.
        .filter(run -> now.containsKey(run.run()))
        .map(
            run -> {
              StampRow stamp = now.get(run.run()).stamp();
              boolean whole = inLists && stamp.listed() > run.after();
              boolean compacted = query.segmentsMayBeGone() && stamp.compacted() > run.after();
              return new Changed(now.get(run.run()), run.after(), whole, whole || compacted);
            })
        .toList();
  }

  private List<RunDelta> load(List<Changed> dirty, LatestPoints touched, Appended appended) {
    List<Changed> stamped = dirty.stream().filter(run -> run.is(StampRow::revision)).toList();
    UUID[] stampedIds = stamped.stream().map(Changed::run).toArray(UUID[]::new);
    Long[] entriesAfter = longs(stamped, run -> run.whole() ? -1L : run.after());
    Map<UUID, List<Param>> params =
        OwnedEntry.byOwner(
            stampedIds.length == 0 ? List.of() : dao.paramsAfter(stampedIds, entriesAfter),
            Param::key);
    Map<UUID, List<Tag>> tags =
        OwnedEntry.byOwner(
            stampedIds.length == 0 ? List.of() : dao.tagsAfter(stampedIds, entriesAfter), Tag::key);
    Map<UUID, List<String>> removed = new HashMap<>();
    if (stampedIds.length > 0) {
      dao.tagsRemovedAfter(stampedIds, longs(stamped, Changed::after))
          .forEach(
              row -> removed.computeIfAbsent(row.run(), r -> new ArrayList<>()).add(row.key()));
    }
    Map<UUID, List<LatestMetric>> metrics = metrics(dirty, touched);
    Map<UUID, RunLineage> lineages = lineages(dirty);
    List<RunDelta> deltas = new ArrayList<>();
    for (Changed changed : dirty) {
      UUID run = changed.run();
      deltas.add(
          new RunDelta(
              changed.now().info(),
              changed.is(StampRow::info),
              changed.is(StampRow::created),
              changed.is(StampRow::listed),
              metrics.getOrDefault(run, List.of()),
              params.getOrDefault(run, List.of()),
              tags.getOrDefault(run, List.of()),
              removed.getOrDefault(run, List.of()),
              Optional.of(changed)
                  .filter(c -> c.isWanted(StampRow::inputs))
                  .map(c -> lineages.get(run)),
              Optional.of(changed)
                  .filter(c -> c.isWanted(StampRow::outputs))
                  .map(c -> lineages.get(run)),
              points(run, appended),
              appended.omitted.contains(run) || (changed.latestUnknown() && !changed.whole())));
    }
    return deltas;
  }

  /** Returns what runs read and produced, of those where it changed and those wanted whole. */
  private Map<UUID, RunLineage> lineages(List<Changed> dirty) {
    List<UUID> runs =
        dirty.stream()
            .filter(run -> run.isWanted(StampRow::inputs) || run.isWanted(StampRow::outputs))
            .map(Changed::run)
            .toList();
    Map<UUID, RunLineage> lineages = new HashMap<>();
    while (lineages.size() < runs.size()) {
      List<UUID> rest = runs.subList(lineages.size(), runs.size());
      List<RunLineage> some = LineageReader.read(handle, rest, RunLineage.Detail.BRIEF);
      for (int i = 0; i < some.size(); i++) {
        lineages.put(rest.get(i), some.get(i));
      }
    }
    return lineages;
  }

  /**
   * Returns latest points: for runs of which it is not known which of them changed all, for the
   * others those that were appended since and are the latest still. One that is not has a later
   * one, which was told before or is about to be.
   */
  private Map<UUID, List<LatestMetric>> metrics(List<Changed> dirty, LatestPoints touched) {
    UUID[] unknown =
        dirty.stream().filter(Changed::latestUnknown).map(Changed::run).toArray(UUID[]::new);
    Map<UUID, List<LatestMetric>> metrics =
        new HashMap<>(
            unknown.length == 0 ? Map.of() : RunStore.latest(handle, unknown, KeySelection.ALL));
    Map<UUID, Map<String, MetricPoint>> candidates = new HashMap<>();
    Set<String> keys = new HashSet<>();
    for (Changed run : dirty) {
      Map<Integer, MetricPoint> points = touched.byRun().get(new RunId(run.run()));
      if (points != null && !run.latestUnknown()) {
        Map<String, MetricPoint> byKey = new HashMap<>();
        points.forEach((nameId, point) -> byKey.put(names.get(nameId), point));
        candidates.put(run.run(), byKey);
        keys.addAll(byKey.keySet());
      }
    }
    if (candidates.isEmpty()) {
      return metrics;
    }
    KeySelection selection =
        keys.size() > MAX_LISTED_NAMES ? KeySelection.ALL : KeySelection.of(keys);
    Map<UUID, List<LatestMetric>> latest =
        RunStore.latest(handle, candidates.keySet().toArray(UUID[]::new), selection);
    candidates.forEach(
        (run, points) ->
            metrics.put(
                run,
                latest.getOrDefault(run, List.of()).stream()
                    .filter(metric -> isStillLatest(points.get(metric.key()), metric.point()))
                    .toList()));
    return metrics;
  }

  private static boolean isStillLatest(MetricPoint candidate, MetricPoint latest) {
    return candidate != null && candidate.compareTo(latest) >= 0;
  }

  private List<AppendedPoint> points(UUID run, Appended appended) {
    List<Integer> nameIds = appended.nameIds.getOrDefault(run, List.of());
    List<MetricPoint> points = appended.points.getOrDefault(run, List.of());
    List<AppendedPoint> named = new ArrayList<>(points.size());
    for (int i = 0; i < points.size(); i++) {
      named.add(new AppendedPoint(names.get(nameIds.get(i)), points.get(i)));
    }
    return named;
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
