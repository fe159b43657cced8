package dev.slipway.tracking.store;

import dev.slipway.tracking.entry.KeySelection;
import dev.slipway.tracking.entry.Param;
import dev.slipway.tracking.entry.Tag;
import dev.slipway.tracking.metric.LatestPoints;
import dev.slipway.tracking.metric.MetricPoint;
import dev.slipway.tracking.run.LatestMetric;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.run.RunLineage;
import dev.slipway.tracking.store.FeedDao.StampRow;
import dev.slipway.tracking.store.FeedDao.StampedRun;
import dev.slipway.tracking.store.MetricDao.NameRow;
import dev.slipway.tracking.watch.RunDelta;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.jdbi.v3.core.Handle;

/**
 * Loads what changed in runs, as far as it fits, for one {@link FeedRead}. Only a run's own state
 * is read together with its stamps, since these say how it came about.
 */
final class RunDeltas {
  private static final long MAX_BYTES = 16 << 20;
  private static final int RUNS_AT_ONCE = 100;
  private static final int MAX_LISTED_NAMES = 1_000;

  private final FeedDao dao;
  private final Handle handle;
  private final boolean segmentsMayBeGone;
  private final Map<Integer, String> names = new HashMap<>();

  /**
   * Creates the loader.
   *
   * @param segmentsMayBeGone whether a compaction may have taken out segments that nobody looked at
   */
  RunDeltas(Handle handle, boolean segmentsMayBeGone) {
    this.handle = handle;
    this.dao = handle.attach(FeedDao.class);
    this.segmentsMayBeGone = segmentsMayBeGone;
  }

  /** Is a run in which something changed after a revision, or to which points were appended. */
  record Dirty(UUID run, long after) {}

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
  record Loaded(List<RunDelta> deltas, List<Dirty> rest) {}

  /**
   * Loads what changed in runs, as much as fits.
   *
   * @param inLists whether a run is wanted whole when it came into a list or moved in it
   */
  Loaded load(List<Dirty> dirty, boolean inLists, LatestPoints touched, AppendedPoints appended) {
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

  private void nameAll(LatestPoints touched, AppendedPoints appended) {
    Set<Integer> ids = new HashSet<>();
    touched.byRun().values().forEach(points -> ids.addAll(points.keySet()));
    ids.addAll(appended.nameIds());
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
              boolean compacted = segmentsMayBeGone && stamp.compacted() > run.after();
              return new Changed(now.get(run.run()), run.after(), whole, whole || compacted);
            })
        .toList();
  }

  private List<RunDelta> load(List<Changed> dirty, LatestPoints touched, AppendedPoints appended) {
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
              appended.of(run, names),
              appended.isOmitted(run) || (changed.latestUnknown() && !changed.whole())));
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

  private static <T> Long[] longs(List<T> from, Function<T, Long> number) {
    return from.stream().map(number).toArray(Long[]::new);
  }
}
