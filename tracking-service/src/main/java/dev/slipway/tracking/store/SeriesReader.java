package dev.slipway.tracking.store;

import dev.slipway.tracking.metric.ChartBuilder;
import dev.slipway.tracking.metric.ChartExtent;
import dev.slipway.tracking.metric.ChartQuery;
import dev.slipway.tracking.metric.Chunk;
import dev.slipway.tracking.metric.ChunkHeader;
import dev.slipway.tracking.metric.HistoryQuery;
import dev.slipway.tracking.metric.MetricChart;
import dev.slipway.tracking.metric.MetricPoint;
import dev.slipway.tracking.metric.OrderedDoubles;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.store.ChunkDao.ChunkRow;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jdbi.v3.core.Handle;

/**
 * Reads one metric of a run as it is in chunks and in segments. Looks into segments first and then
 * for chunks: a compaction in between shows a point twice, which a set does not mind, and never
 * hides one. (H2 in isolation level REPEATABLE READ does hide some.)
 */
final class SeriesReader {
  private static final int CHUNKS_PER_PAGE_READ = 4;
  private static final int CHUNKS_PER_CHART_READ = 16;
  private static final int POINTS_PER_PAGE = 50_000;

  private final Handle handle;
  private final RunId run;
  private final int nameId;

  SeriesReader(Handle handle, RunId run, int nameId) {
    this.handle = handle;
    this.run = run;
    this.nameId = nameId;
  }

  /**
   * Returns points in order, equal ones once.
   *
   * @param limit most points returned; memory use is bounded by it and a few segments and chunks
   */
  List<MetricPoint> history(HistoryQuery query, int limit) {
    MetricPoint from =
        query
            .after()
            .filter(after -> after.step() >= query.minStep())
            .orElse(leastOf(query.minStep()));
    // The first chunk and the last one may bring next to nothing.
    int enough = limit / Chunk.MIN_POINTS + 3;
    List<ChunkRow> before = chunks(from, query.maxStep(), enough);
    // Chunks alone fill the page: segments beyond them are of no interest.
    long maxStep =
        before.size() < enough
            ? query.maxStep()
            : Math.min(query.maxStep(), before.get(enough - 1).header().last().step());
    HistoryQuery bounded =
        new HistoryQuery(run, query.metricKey(), query.minStep(), maxStep, query.after());
    List<MetricPoint> tail = new SegmentTail(handle, run, nameId).first(bounded, limit);
    List<ChunkRow> chunks = chunks(from, query.maxStep(), enough);
    List<MetricPoint> page = new ArrayList<>();
    new SeriesMerge(handle, run, nameId, CHUNKS_PER_PAGE_READ)
        .run(
            chunks,
            done -> chunksAfter(done, from, query.maxStep(), enough),
            tail.iterator(),
            new SeriesMerge.Sink() {
              @Override
              public boolean isFull() {
                return page.size() >= limit;
              }

              @Override
              public boolean needsPoints(ChunkHeader chunk) {
                return true;
              }

              @Override
              public void add(ChunkHeader chunk) {
                throw new AssertionError("a page has no use for headers");
              }

              @Override
              public void add(MetricPoint point) {
                if (!isFull() && query.wants(point)) {
                  page.add(point);
                }
              }
            });
    return page;
  }

  /**
   * Returns the series down-sampled; absent when it has no point in the range.
   *
   * @param tail all its points in segments that can be in the range, in order, none twice, read
   *     before; absent when they are too many for the memory: then all points are read in pages
   */
  Optional<MetricChart> chart(ChartQuery query, Optional<List<MetricPoint>> tail) {
    return tail.map(points -> merged(query, points)).orElseGet(() -> paged(query));
  }

  private Optional<MetricChart> merged(ChartQuery query, List<MetricPoint> tail) {
    MetricPoint from = leastOf(query.minStep());
    List<ChunkRow> chunks = chunks(from, query.maxStep(), Integer.MAX_VALUE);
    ChartExtent extent = new ChartExtent(query);
    tail.forEach(extent::add);
    chunks.forEach(chunk -> extent.add(chunk.header()));
    Optional<ChartBuilder> chart = extent.chart();
    chart.ifPresent(
        builder ->
            new SeriesMerge(handle, run, nameId, CHUNKS_PER_CHART_READ)
                .run(
                    chunks,
                    done -> chunksAfter(done, from, query.maxStep(), Integer.MAX_VALUE),
                    tail.iterator(),
                    new Charting(builder)));
    return chart.flatMap(ChartBuilder::build);
  }

  private Optional<MetricChart> paged(ChartQuery query) {
    ChartExtent extent = new ChartExtent(query);
    readAll(query, extent::add);
    Optional<ChartBuilder> chart = extent.chart();
    chart.ifPresent(builder -> readAll(query, builder::add));
    return chart.flatMap(ChartBuilder::build);
  }

  private void readAll(ChartQuery query, Consumer<MetricPoint> consumer) {
    Optional<MetricPoint> after = Optional.empty();
    List<MetricPoint> page;
    do {
      page =
          history(
              new HistoryQuery(run, "", query.minStep(), query.maxStep(), after), POINTS_PER_PAGE);
      page.forEach(consumer);
      after = page.isEmpty() ? after : Optional.of(page.get(page.size() - 1));
    } while (page.size() == POINTS_PER_PAGE);
  }

  private static MetricPoint leastOf(long step) {
    return new MetricPoint(step, Long.MIN_VALUE, Double.NEGATIVE_INFINITY);
  }

  private List<ChunkRow> chunks(MetricPoint from, long maxStep, int limit) {
    return handle
        .attach(ChunkDao.class)
        .chunksFrom(
            run.uuid(),
            nameId,
            from.step(),
            from.timestampMillis(),
            OrderedDoubles.encode(from.value()),
            maxStep,
            limit);
  }

  private List<ChunkRow> chunksAfter(
      Optional<MetricPoint> done, MetricPoint from, long maxStep, int limit) {
    return chunks(done.orElse(from), maxStep, limit).stream()
        .filter(chunk -> done.isEmpty() || chunk.header().last().compareTo(done.get()) > 0)
        .toList();
  }

  private record Charting(ChartBuilder chart) implements SeriesMerge.Sink {
    @Override
    public boolean isFull() {
      return false;
    }

    @Override
    public boolean needsPoints(ChunkHeader chunk) {
      return chart.needsPoints(chunk);
    }

    @Override
    public void add(ChunkHeader chunk) {
      chart.add(chunk);
    }

    @Override
    public void add(MetricPoint point) {
      chart.add(point);
    }
  }
}
