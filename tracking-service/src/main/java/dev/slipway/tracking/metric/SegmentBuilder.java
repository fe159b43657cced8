package dev.slipway.tracking.metric;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ObjIntConsumer;
import java.util.function.ToIntFunction;

/**
 * Gathers the points that one commit brings for one run and packs them into segments, whose form
 * {@link SegmentReader} describes. Not thread-safe.
 */
public final class SegmentBuilder {
  /** Bounds a segment, so that a reader which unpacks one needs little memory. */
  static final int MAX_POINTS = 20_000;

  private static final int VARINT_BYTES = 10;
  private static final int FIRST_CAPACITY = 256;

  private final Map<Integer, Integer> slots = new HashMap<>();
  private int[] nameIds = new int[16];
  private int[] slotOf;
  private long[] steps;
  private long[] timestamps;
  private double[] values;
  private int size;

  /** Creates a builder for few points or many. */
  public SegmentBuilder() {
    this(FIRST_CAPACITY);
  }

  /**
   * Creates a builder.
   *
   * @param capacity points that it has room for without growing
   */
  SegmentBuilder(int capacity) {
    slotOf = new int[capacity];
    steps = new long[capacity];
    timestamps = new long[capacity];
    values = new double[capacity];
  }

  /**
   * Adds the points of a batch.
   *
   * @param nameId gives the id of a metric's name
   */
  public void add(MetricBatch batch, ToIntFunction<String> nameId) {
    int points = batch.size();
    ensureCapacity(size + points);
    int[] slotOfName = new int[batch.names().size()];
    Arrays.fill(slotOfName, -1);
    for (int i = 0; i < points; i++) {
      int name = batch.nameIndex(i);
      if (slotOfName[name] < 0) {
        slotOfName[name] = slot(nameId.applyAsInt(batch.names().get(name)));
      }
      slotOf[size] = slotOfName[name];
      steps[size] = batch.step(i);
      timestamps[size] = batch.timestampMillis(i);
      values[size] = batch.value(i);
      size++;
    }
  }

  /** Adds a point of the metric with the name id. */
  void add(int nameId, MetricPoint point) {
    ensureCapacity(size + 1);
    slotOf[size] = slot(nameId);
    steps[size] = point.step();
    timestamps[size] = point.timestampMillis();
    values[size] = point.value();
    size++;
  }

  /** Returns how many points were added. */
  public int points() {
    return size;
  }

  /** Returns how many metrics the points belong to. */
  public int metrics() {
    return slots.size();
  }

  /** Hands the latest point of each metric, with its name id, to the consumer. */
  public void latest(ObjIntConsumer<MetricPoint> consumer) {
    int[] best = new int[slots.size()];
    Arrays.fill(best, -1);
    for (int i = 0; i < size; i++) {
      int slot = slotOf[i];
      if (best[slot] < 0 || isLater(i, best[slot])) {
        best[slot] = i;
      }
    }
    for (int slot = 0; slot < best.length; slot++) {
      int i = best[slot];
      consumer.accept(new MetricPoint(steps[i], timestamps[i], values[i]), nameIds[slot]);
    }
  }

  /** Returns all points packed, in as few segments as the bound allows; without points none. */
  public List<Segment> build() {
    List<Segment> segments = new ArrayList<>();
    for (int from = 0; from < size; from += MAX_POINTS) {
      segments.add(pack(from, Math.min(size, from + MAX_POINTS)));
    }
    return segments;
  }

  private boolean isLater(int a, int b) {
    if (steps[a] != steps[b]) {
      return steps[a] > steps[b];
    }
    if (timestamps[a] != timestamps[b]) {
      return timestamps[a] > timestamps[b];
    }
    return Double.compare(values[a], values[b]) > 0;
  }

  private int slot(int nameId) {
    Integer known = slots.get(nameId);
    if (known != null) {
      return known;
    }
    int slot = slots.size();
    if (slot == nameIds.length) {
      nameIds = Arrays.copyOf(nameIds, slot * 2);
    }
    nameIds[slot] = nameId;
    slots.put(nameId, slot);
    return slot;
  }

  private void ensureCapacity(int needed) {
    if (needed > values.length) {
      int capacity = Math.max(needed, values.length * 2);
      slotOf = Arrays.copyOf(slotOf, capacity);
      steps = Arrays.copyOf(steps, capacity);
      timestamps = Arrays.copyOf(timestamps, capacity);
      values = Arrays.copyOf(values, capacity);
    }
  }

  private Segment pack(int from, int to) {
    int[] ends = groupEnds(from, to);
    int[] order = grouped(from, to, ends);
    long minStep = Long.MAX_VALUE;
    long maxStep = Long.MIN_VALUE;
    for (int i = from; i < to; i++) {
      minStep = Math.min(minStep, steps[i]);
      maxStep = Math.max(maxStep, steps[i]);
    }
    long baseTimestamp = timestamps[from];
    ByteBuffer body =
        ByteBuffer.allocate((to - from) * (2 * VARINT_BYTES + Double.BYTES))
            .order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer head =
        ByteBuffer.allocate(1 + 3 * VARINT_BYTES + ends.length * 3 * VARINT_BYTES)
            .order(ByteOrder.LITTLE_ENDIAN);
    head.put(SegmentReader.VERSION);
    Varints.putSigned(head, minStep);
    Varints.putSigned(head, baseTimestamp);
    Varints.put(head, groups(ends));
    int begin = 0;
    for (int slot = 0; slot < ends.length; slot++) {
      if (ends[slot] > begin) {
        int start = body.position();
        packGroup(body, order, begin, ends[slot], minStep, baseTimestamp);
        Varints.put(head, nameIds[slot]);
        Varints.put(head, ends[slot] - begin);
        Varints.put(head, body.position() - start);
        begin = ends[slot];
      }
    }
    byte[] packed = new byte[head.position() + body.position()];
    head.flip().get(packed, 0, head.limit());
    body.flip().get(packed, packed.length - body.limit(), body.limit());
    return new Segment(minStep, maxStep, to - from, packed);
  }

  private void packGroup(
      ByteBuffer body, int[] order, int begin, int end, long baseStep, long baseTimestamp) {
    long previous = baseStep;
    for (int i = begin; i < end; i++) {
      long step = steps[order[i]];
      Varints.putSigned(body, step - previous);
      previous = step;
    }
    previous = baseTimestamp;
    for (int i = begin; i < end; i++) {
      long timestamp = timestamps[order[i]];
      Varints.putSigned(body, timestamp - previous);
      previous = timestamp;
    }
    for (int i = begin; i < end; i++) {
      body.putLong(Double.doubleToRawLongBits(values[order[i]]));
    }
  }

  private static int groups(int[] ends) {
    int groups = 0;
    int begin = 0;
    for (int end : ends) {
      if (end > begin) {
        groups++;
      }
      begin = end;
    }
    return groups;
  }

  /** Returns for each slot where its points end when points are ordered by slot. */
  private int[] groupEnds(int from, int to) {
    int[] ends = new int[slots.size()];
    for (int i = from; i < to; i++) {
      ends[slotOf[i]]++;
    }
    for (int slot = 1; slot < ends.length; slot++) {
      ends[slot] += ends[slot - 1];
    }
    return ends;
  }

  private int[] grouped(int from, int to, int[] ends) {
    int[] next = new int[ends.length];
    System.arraycopy(ends, 0, next, 1, ends.length - 1);
    int[] order = new int[to - from];
    for (int i = from; i < to; i++) {
      order[next[slotOf[i]]++] = i;
    }
    return order;
  }
}
