package dev.slipway.tracking.store;

import dev.slipway.tracking.metric.ChunkHeader;
import dev.slipway.tracking.metric.MetricPoint;
import dev.slipway.tracking.metric.SegmentReader;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.store.ChunkDao.ChunkBody;
import dev.slipway.tracking.store.ChunkDao.ChunkRow;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;

/**
 * Goes through all points of one metric of a run in order, those in chunks and those in segments,
 * equal ones once. Reads the points of chunks only where they are asked for or where points in
 * segments fall among them. Lives for one reading.
 */
final class SeriesMerge {
  /** Takes what the merge comes by. */
  interface Sink {
    /** Returns whether enough has been taken. */
    boolean isFull();

    /** Returns whether a chunk's points are needed one by one. */
    boolean needsPoints(ChunkHeader chunk);

    /** Takes a whole chunk whose points are not needed. */
    void add(ChunkHeader chunk);

    /** Takes a point; without effect when this is full. */
    void add(MetricPoint point);
  }

  private final ChunkDao dao;
  private final RunId run;
  private final int nameId;
  private final int chunksPerRead;

  /**
   * Creates a merge.
   *
   * @param chunksPerRead how many chunks to read at a time
   */
  SeriesMerge(Handle handle, RunId run, int nameId, int chunksPerRead) {
    this.dao = handle.attach(ChunkDao.class);
    this.run = run;
    this.nameId = nameId;
    this.chunksPerRead = chunksPerRead;
  }

  /**
   * Hands everything to the sink until it is full.
   *
   * @param chunks in order; those that a compaction replaces meanwhile are looked for again
   * @param reload gives the chunks that end after a point, or all when there is none, in order
   * @param tail points in segments, in order, none twice, read before the chunks
   */
  void run(
      List<ChunkRow> chunks,
      Function<Optional<MetricPoint>, List<ChunkRow>> reload,
      Iterator<MetricPoint> tail,
      Sink sink) {
    Peeking rest = new Peeking(tail);
    Optional<MetricPoint> done = Optional.empty();
    List<ChunkRow> todo = chunks;
    while (!todo.isEmpty() && !sink.isFull()) {
      List<ChunkRow> some = todo.subList(0, Math.min(todo.size(), chunksPerRead));
      Map<Long, byte[]> bodies =
          read(some.stream().filter(chunk -> sink.needsPoints(chunk.header())).toList());
      int merged = 0;
      while (merged < some.size() && merge(some.get(merged), bodies, rest, sink)) {
        done = Optional.of(some.get(merged).header().last());
        merged++;
      }
      // A compaction never moves a point to another side of a chunk's end.
      todo = merged == some.size() ? todo.subList(merged, todo.size()) : reload.apply(done);
    }
    rest.drain(sink);
  }

  /** Hands over a chunk and what comes before it; returns whether it was still there. */
  private boolean merge(ChunkRow chunk, Map<Long, byte[]> bodies, Peeking rest, Sink sink) {
    ChunkHeader header = chunk.header();
    boolean tailBegins = rest.isAtMost(header.last());
    if (!tailBegins && !sink.needsPoints(header)) {
      sink.add(header);
      return true;
    }
    if (!bodies.containsKey(chunk.chunkId())) {
      bodies.putAll(read(List.of(chunk)));
    }
    byte[] packed = bodies.get(chunk.chunkId());
    if (packed == null) {
      // Nothing before it was handed over yet: the chunks that replaced it may hold that too.
      return false;
    }
    rest.drainBefore(header.firstStep(), sink);
    if (tailBegins) {
      merge(points(chunk, packed), rest, sink);
    } else {
      SegmentReader.read(packed, nameId, sink::add);
    }
    return true;
  }

  private Map<Long, byte[]> read(List<ChunkRow> chunks) {
    Map<Long, byte[]> bodies = new HashMap<>();
    if (!chunks.isEmpty()) {
      Integer[] names = chunks.stream().map(ChunkRow::nameId).toArray(Integer[]::new);
      Long[] ids = chunks.stream().map(ChunkRow::chunkId).toArray(Long[]::new);
      for (ChunkBody body : dao.bodies(run.uuid(), names, ids)) {
        bodies.put(body.chunkId(), body.packed());
      }
    }
    return bodies;
  }

  private List<MetricPoint> points(ChunkRow chunk, byte[] packed) {
    List<MetricPoint> points = new ArrayList<>(chunk.header().points());
    SegmentReader.read(packed, nameId, points::add);
    return points;
  }

  private static void merge(List<MetricPoint> points, Peeking rest, Sink sink) {
    for (MetricPoint point : points) {
      if (sink.isFull()) {
        return;
      }
      rest.drainBefore(point, sink);
      if (sink.isFull()) {
        return;
      }
      sink.add(point);
    }
  }

  /** Is an iterator that shows what comes next. */
  private static final class Peeking {
    private final Iterator<MetricPoint> points;
    private MetricPoint next;

    Peeking(Iterator<MetricPoint> points) {
      this.points = points;
      advance();
    }

    private void advance() {
      next = points.hasNext() ? points.next() : null;
    }

    boolean isAtMost(MetricPoint point) {
      return next != null && next.compareTo(point) <= 0;
    }

    /** Hands over all points of lower steps. */
    void drainBefore(long step, Sink sink) {
      while (next != null && next.step() < step && !sink.isFull()) {
        sink.add(next);
        advance();
      }
    }

    /** Hands over all points before one, and passes over one that is equal to it. */
    void drainBefore(MetricPoint point, Sink sink) {
      while (isAtMost(point) && !sink.isFull()) {
        if (next.compareTo(point) < 0) {
          sink.add(next);
        }
        advance();
      }
    }

    void drain(Sink sink) {
      while (next != null && !sink.isFull()) {
        sink.add(next);
        advance();
      }
    }
  }
}
