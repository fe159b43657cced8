package dev.slipway.tracking.metric;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import java.util.function.ObjIntConsumer;

/**
 * Reads packed segments.
 *
 * <p>Form: version byte 1; base step and base timestamp (signed varints); number of metrics; per
 * metric its name id, number of points and size of its block in bytes (varints); then the blocks in
 * the same order. A block holds the steps, each as the difference from the one before (the first
 * from the base), then the timestamps likewise (signed varints), then the values as 8 bytes each,
 * little-endian, bit for bit as they came. Points stand in order of arrival. The directory lets a
 * reader of one metric skip the rest.
 */
public final class SegmentReader {
  static final byte VERSION = 1;

  private SegmentReader() {}

  /** Hands the points of one metric to the consumer. */
  public static void read(byte[] packed, int nameId, Consumer<MetricPoint> consumer) {
    read(packed, id -> id == nameId, (point, id) -> consumer.accept(point));
  }

  /** Hands the points of all metrics whose name ids are wanted to the consumer. */
  public static void read(
      byte[] packed, IntPredicate wanted, ObjIntConsumer<MetricPoint> consumer) {
    new Layout(packed)
        .forEach(
            (block, blockName) -> {
              if (wanted.test(blockName)) {
                block.points(point -> consumer.accept(point, blockName));
              }
            });
  }

  /** Hands the latest point of every metric, with its name id, to the consumer. */
  public static void readLatest(byte[] packed, ObjIntConsumer<MetricPoint> consumer) {
    new Layout(packed)
        .forEach(
            (block, blockName) -> {
              MetricPoint[] latest = new MetricPoint[1];
              block.points(
                  point ->
                      latest[0] = latest[0] == null ? point : MetricPoint.max(latest[0], point));
              consumer.accept(latest[0], blockName);
            });
  }

  private record Block(ByteBuffer bytes, int points, long baseStep, long baseTimestamp) {
    void points(Consumer<MetricPoint> consumer) {
      long[] steps = new long[points];
      long step = baseStep;
      for (int i = 0; i < points; i++) {
        step += Varints.getSigned(bytes);
        steps[i] = step;
      }
      long[] timestamps = new long[points];
      long timestamp = baseTimestamp;
      for (int i = 0; i < points; i++) {
        timestamp += Varints.getSigned(bytes);
        timestamps[i] = timestamp;
      }
      for (int i = 0; i < points; i++) {
        double value = Double.longBitsToDouble(bytes.getLong());
        consumer.accept(new MetricPoint(steps[i], timestamps[i], value));
      }
    }
  }

  private static final class Layout {
    private final byte[] packed;
    private final long baseStep;
    private final long baseTimestamp;
    private final int[] nameIds;
    private final int[] points;
    private final int[] sizes;
    private final int firstBlock;

    Layout(byte[] packed) {
      this.packed = packed;
      ByteBuffer in = ByteBuffer.wrap(packed);
      byte version = in.get();
      if (version != VERSION) {
        throw new IllegalStateException("segment has the unknown version " + version);
      }
      baseStep = Varints.getSigned(in);
      baseTimestamp = Varints.getSigned(in);
      int metrics = Varints.getInt(in);
      nameIds = new int[metrics];
      points = new int[metrics];
      sizes = new int[metrics];
      for (int i = 0; i < metrics; i++) {
        nameIds[i] = Varints.getInt(in);
        points[i] = Varints.getInt(in);
        sizes[i] = Varints.getInt(in);
      }
      firstBlock = in.position();
    }

    void forEach(ObjIntConsumer<Block> consumer) {
      int at = firstBlock;
      for (int i = 0; i < nameIds.length; i++) {
        ByteBuffer bytes = ByteBuffer.wrap(packed, at, sizes[i]).order(ByteOrder.LITTLE_ENDIAN);
        consumer.accept(new Block(bytes, points[i], baseStep, baseTimestamp), nameIds[i]);
        at += sizes[i];
      }
    }
  }
}
