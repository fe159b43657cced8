package dev.slipway.client;

import dev.slipway.tracking.v1.MetricBatch;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** Gathers points in columns until they are made into batches. Not thread-safe. */
final class PointBuffer {
  private static final int INITIAL_POINTS = 512;
  // What the contract allows in a batch.
  private static final int MAX_NAMES = 10_000;
  // What a point takes up here and, with its share of the names, not more in a batch.
  private static final int POINT_BYTES = 32;
  private static final int CHAR_BYTES = 2;

  private String[] keys = new String[INITIAL_POINTS];
  private long[] steps = new long[INITIAL_POINTS];
  private long[] timestamps = new long[INITIAL_POINTS];
  private double[] values = new double[INITIAL_POINTS];
  private int size;
  private long bytes;

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

  /** Takes the oldest points out as a batch: at most {@code maxPoints} of at most 10,000 names. */
  MetricBatch take(int maxPoints, long seq) {
    int limit = Math.min(size, maxPoints);
    int count = 0;
    MetricBatch.Builder batch = MetricBatch.newBuilder().setSeq(seq);
    Map<String, Integer> names = new HashMap<>();
    for (int i = 0; i < limit; i++) {
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
      count++;
    }
    remove(count);
    return batch.build();
  }

  void clear() {
    remove(size);
  }

  private void remove(int count) {
    int left = size - count;
    for (int i = 0; i < count; i++) {
      bytes -= bytesOf(keys[i]);
    }
    System.arraycopy(keys, count, keys, 0, left);
    System.arraycopy(steps, count, steps, 0, left);
    System.arraycopy(timestamps, count, timestamps, 0, left);
    System.arraycopy(values, count, values, 0, left);
    Arrays.fill(keys, left, size, null);
    size = left;
  }
}
