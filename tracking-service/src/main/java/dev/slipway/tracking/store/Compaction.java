package dev.slipway.tracking.store;

import dev.slipway.tracking.metric.Chunk;
import dev.slipway.tracking.metric.ChunkHeader;
import dev.slipway.tracking.metric.MetricPoint;
import dev.slipway.tracking.metric.OrderedDoubles;
import dev.slipway.tracking.metric.SegmentReader;
import dev.slipway.tracking.metric.SortedPoints;
import dev.slipway.tracking.store.ChunkDao.ChunkRow;
import dev.slipway.tracking.store.ChunkDao.NewChunk;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Makes chunks of some segments of a run that is locked. Lives for one attempt of one transaction.
 *
 * <p>A new point goes into the first chunk that ends at or after it, which is then written anew, as
 * two or more where it gets too large. Points after all chunks fill up the last one when it is
 * small, else they make chunks of their own. So only the last chunk of a metric is ever small, and
 * none overlaps another.
 */
final class Compaction {
  private static final int METRICS_PER_READ = 256;
  private static final int CHUNKS_AT_ONCE = 64;

  private record Rewrite(ChunkRow chunk, List<MetricPoint> added) {}

  private final ChunkDao chunks;
  private final UUID run;
  private final List<Rewrite> rewrites = new ArrayList<>();
  private final List<NewChunk> inserts = new ArrayList<>();

  Compaction(ChunkDao chunks, UUID run) {
    this.chunks = chunks;
    this.run = run;
  }

  /** Writes the points into chunks and removes the segments. */
  void write(LoadedSegments loaded) {
    List<Integer> names = List.copyOf(loaded.byMetric().keySet());
    for (int from = 0; from < names.size(); from += METRICS_PER_READ) {
      mergeAll(
          loaded.byMetric(), names.subList(from, Math.min(names.size(), from + METRICS_PER_READ)));
    }
    rewriteAll();
    insert();
    chunks.deleteSegments(run, loaded.segments());
    chunks.countPass(run);
  }

  private void mergeAll(Map<Integer, List<MetricPoint>> newPoints, List<Integer> names) {
    Map<Integer, List<ChunkRow>> present = new HashMap<>();
    List<ChunkRow> rows =
        chunks.chunksAround(
            run,
            names.toArray(Integer[]::new),
            names.stream().map(name -> newPoints.get(name).get(0).step()).toArray(Long[]::new),
            Chunk.MIN_POINTS);
    for (ChunkRow row : rows) {
      present.computeIfAbsent(row.nameId(), name -> new ArrayList<>()).add(row);
    }
    for (int name : names) {
      merge(name, newPoints.get(name), present.getOrDefault(name, List.of()));
    }
  }

  private void merge(int name, List<MetricPoint> points, List<ChunkRow> present) {
    int from = 0;
    for (int i = 0; i < present.size() && from < points.size(); i++) {
      ChunkRow chunk = present.get(i);
      boolean takesRest = i == present.size() - 1 && chunk.header().points() < Chunk.MIN_POINTS;
      int to = takesRest ? points.size() : endOf(points, from, chunk.header().last());
      if (to > from) {
        rewrites.add(new Rewrite(chunk, points.subList(from, to)));
        if (rewrites.size() == CHUNKS_AT_ONCE) {
          rewriteAll();
        }
        from = to;
      }
    }
    add(name, points.subList(from, points.size()));
  }

  /** Returns the index of the first point after {@code last}, from an index on. */
  private static int endOf(List<MetricPoint> points, int from, MetricPoint last) {
    int low = from;
    int high = points.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (points.get(middle).compareTo(last) <= 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private void rewriteAll() {
    if (rewrites.isEmpty()) {
      return;
    }
    Map<Long, byte[]> bodies = new HashMap<>();
    chunks
        .bodies(
            run,
            rewrites.stream().map(rewrite -> rewrite.chunk().nameId()).toArray(Integer[]::new),
            rewrites.stream().map(rewrite -> rewrite.chunk().chunkId()).toArray(Long[]::new))
        .forEach(body -> bodies.put(body.chunkId(), body.packed()));
    List<ChunkRow> replaced = new ArrayList<>();
    for (Rewrite rewrite : rewrites) {
      ChunkRow chunk = rewrite.chunk();
      List<MetricPoint> before = new ArrayList<>(chunk.header().points());
      SegmentReader.read(bodies.get(chunk.chunkId()), chunk.nameId(), before::add);
      List<MetricPoint> after = SortedPoints.union(before, rewrite.added());
      if (after.size() > before.size()) {
        replaced.add(chunk);
        add(chunk.nameId(), after);
      }
    }
    chunks.deleteChunks(run, replaced);
    rewrites.clear();
  }

  private void add(int name, List<MetricPoint> points) {
    for (Chunk chunk : Chunk.cut(name, points)) {
      ChunkHeader header = chunk.header();
      inserts.add(
          new NewChunk(
              run,
              name,
              header.points(),
              header.firstStep(),
              header.last().step(),
              header.last().timestampMillis(),
              OrderedDoubles.encode(header.last().value()),
              header.minTimeMillis(),
              header.maxTimeMillis(),
              OrderedDoubles.encode(header.minValue()),
              OrderedDoubles.encode(header.maxValue()),
              chunk.packed()));
      if (inserts.size() == CHUNKS_AT_ONCE) {
        insert();
      }
    }
  }

  private void insert() {
    if (!inserts.isEmpty()) {
      chunks.insertChunks(inserts);
      inserts.clear();
    }
  }
}
