package dev.slipway.client;

import dev.slipway.client.QueuedBatches.QueuedBatch;
import dev.slipway.tracking.v1.MetricBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Holds points in columns, as many as a batch may have. Not thread-safe. */
final class PointBlock {
  private static final int INITIAL_POINTS = 128;
  // What the contract allows in a batch.
  private static final int MAX_NAMES = 10_000;
  // What a point takes up here and, with its share of the names, not more in a batch.
  private static final int POINT_BYTES = 32;
  private static final int CHAR_BYTES = 2;
  // What a batch takes up besides its points.
  private static final int BATCH_BYTES = 512;

  private final long sinceNanos;
  private String[] keys = new String[INITIAL_POINTS];
  private long[] steps = new long[INITIAL_POINTS];
  private long[] timestamps = new long[INITIAL_POINTS];
  private double[] values = new double[INITIAL_POINTS];
  private int size;
  private long bytes;

  /**
   * @param sinceNanos when its first point was logged, by {@link System#nanoTime}
   */
  PointBlock(long sinceNanos) {
    this.sinceNanos = sinceNanos;
  }

  /** Returns how many bytes of memory a point counts as. */
  static long bytesOf(String key) {
    return POINT_BYTES + (long) CHAR_BYTES * key.length();
  }

  void add(String key, double value, long step, long timestampMs) {
    if (size == keys.length) {
      grow();
    }
    keys[size] = key;
    steps[size] = step;
    timestamps[size] = timestampMs;
    values[size] = value;
    size++;
    bytes += bytesOf(key);
  }

  private void grow() {
    int capacity = size * 2;
    keys = Arrays.copyOf(keys, capacity);
    steps = Arrays.copyOf(steps, capacity);
    timestamps = Arrays.copyOf(timestamps, capacity);
    values = Arrays.copyOf(values, capacity);
  }

  int size() {
    return size;
  }

  /** Returns how many bytes of memory all points count as. */
  long bytes() {
    return bytes;
  }

  long sinceNanos() {
    return sinceNanos;
  }

  /** Returns the points as a batch, or as several when there are too many names for one. */
  List<QueuedBatch> batches(long firstSeq) {
    List<QueuedBatch> batches = new ArrayList<>();
    for (int from = 0; from < size; ) {
      QueuedBatch batch = batch(from, firstSeq + batches.size());
      batches.add(batch);
      from += batch.batch().getValueCount();
    }
    return batches;
  }

  private QueuedBatch batch(int from, long seq) {
    MetricBatch.Builder batch = MetricBatch.newBuilder().setSeq(seq);
    Map<String, Integer> names = new HashMap<>();
    long taken = BATCH_BYTES;
    for (int i = from; i < size; i++) {
      Integer index = names.get(keys[i]);
      if (index == null && names.size() == MAX_NAMES) {
        break;
      }
      if (index == null) {
        index = names.size();
        names.put(keys[i], index);
        batch.addNames(keys[i]);
      }
      batch.addNameIndex(index).addStep(steps[i]).addTimestampMs(timestamps[i]).addValue(values[i]);
      taken += bytesOf(keys[i]);
    }
    return new QueuedBatch(batch.build(), taken, sinceNanos);
  }
}
