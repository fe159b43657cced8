package dev.slipway.tracking.metric;

import java.util.ArrayList;
import java.util.List;

/**
 * Is a piece of one metric of one run, as one row stores it.
 *
 * @param packed the points in order, in the form of {@link SegmentReader}; owned by the chunk
 */
@SuppressWarnings(
    "ArrayRecordComponent") // The row's bytes pass through unread; nobody compares chunks.
public record Chunk(ChunkHeader header, byte[] packed) {
  /** The fewest points of a chunk that is not the last of its metric. */
  public static final int MIN_POINTS = 1_000;

  /** The most points of a chunk. */
  public static final int MAX_POINTS = 4_000;

  /**
   * Cuts points into chunks of about the same size, as few as the bound allows.
   *
   * @param points in order, none twice
   */
  public static List<Chunk> cut(int nameId, List<MetricPoint> points) {
    int count = (points.size() + MAX_POINTS - 1) / MAX_POINTS;
    List<Chunk> chunks = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      int from = (int) ((long) points.size() * i / count);
      int to = (int) ((long) points.size() * (i + 1) / count);
      chunks.add(of(nameId, points.subList(from, to)));
    }
    return chunks;
  }

  private static Chunk of(int nameId, List<MetricPoint> points) {
    SegmentBuilder builder = new SegmentBuilder(points.size());
    points.forEach(point -> builder.add(nameId, point));
    return new Chunk(ChunkHeader.of(points), builder.build().get(0).packed());
  }
}
