package dev.slipway.tracking.service;

import dev.slipway.tracking.entry.KeySelection;
import dev.slipway.tracking.export.MetricRows;
import dev.slipway.tracking.metric.HistoryQuery;
import dev.slipway.tracking.metric.MetricPoint;
import dev.slipway.tracking.run.LatestMetric;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.run.RunLineage;
import dev.slipway.tracking.run.RunNotFoundException;
import dev.slipway.tracking.run.RunProjection;
import dev.slipway.tracking.store.MetricStore;
import dev.slipway.tracking.store.RunStore;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * Reads all points of some metrics of some runs, a page at a time: ordered by run as asked for,
 * metric key, and point. Holds the keys of one run and a page of points. Not thread-safe.
 */
public final class MetricExport {
  /** Bounds the memory that a page takes, as points and as text. */
  private static final int MAX_PAGE_ROWS = 8192;

  private final RunStore runs;
  private final MetricStore metrics;
  private final ListCalls lists;
  private final RunProjection projection;
  private final Iterator<RunId> nextRuns;
  private RunId run;
  private Iterator<String> nextKeys = Collections.emptyIterator();
  private String key;
  private Optional<MetricPoint> after = Optional.empty();

  private MetricExport(
      RunStore runs,
      MetricStore metrics,
      ListCalls lists,
      Iterator<RunId> nextRuns,
      KeySelection keys) {
    this.runs = runs;
    this.metrics = metrics;
    this.lists = lists;
    this.nextRuns = nextRuns;
    this.projection =
        new RunProjection(keys, KeySelection.NONE, KeySelection.NONE, RunLineage.Detail.NONE);
  }

  /**
   * Begins to read.
   *
   * @param wanted the runs, deleted ones included
   * @throws RunNotFoundException if one of the runs does not exist
   */
  public static MetricExport of(
      RunStore runs, MetricStore metrics, ListCalls lists, List<RunId> wanted, KeySelection keys) {
    runs.requireAll(wanted);
    return new MetricExport(runs, metrics, lists, List.copyOf(wanted).iterator(), keys);
  }

  /**
   * Returns the next rows; empty at the end.
   *
   * @throws RunNotFoundException if a run was purged meanwhile
   */
  public Optional<MetricRows> next() {
    while (key != null || nextSeries()) {
      HistoryQuery query = new HistoryQuery(run, key, Long.MIN_VALUE, Long.MAX_VALUE, after);
      List<MetricPoint> points = lists.call(() -> metrics.history(query, MAX_PAGE_ROWS));
      String from = key;
      if (points.size() < MAX_PAGE_ROWS) {
        key = null;
      } else {
        after = Optional.of(points.get(points.size() - 1));
      }
      if (!points.isEmpty()) {
        return Optional.of(new MetricRows(run, from, points));
      }
    }
    return Optional.empty();
  }

  /** Goes on to the next metric that has points, and returns whether there is one. */
  private boolean nextSeries() {
    while (!nextKeys.hasNext()) {
      if (run != null) {
        // A run that is purged seems to have no points: a file must not end in silence.
        runs.getInfo(run);
      }
      if (!nextRuns.hasNext()) {
        run = null;
        return false;
      }
      run = nextRuns.next();
      RunId current = run;
      nextKeys =
          lists.call(() -> runs.get(current, projection)).metrics().stream()
              .map(LatestMetric::key)
              .toList()
              .iterator();
    }
    key = nextKeys.next();
    after = Optional.empty();
    return true;
  }
}
