package dev.slipway.tracking.metric;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Holds some points of one run in columns.
 *
 * <p>The arrays belong to the batch: nobody changes them after construction. {@code nameIndexes},
 * {@code steps}, {@code timestampsMillis} and {@code values} have the same length, the number of
 * points.
 */
public final class MetricBatch {
  /** The most points of a batch. */
  public static final int MAX_POINTS = 50_000;

  /** The points of a batch that the server asks writers for. */
  public static final int PREFERRED_POINTS = 500;

  /** The most names in a batch's dictionary. */
  public static final int MAX_NAMES = 10_000;

  /** The memory that a point takes while it waits: its index, step, timestamp and value. */
  public static final int POINT_BYTES = Integer.BYTES + 2 * Long.BYTES + Double.BYTES;

  /** The memory that a text takes beside its characters, about. */
  private static final int TEXT_BYTES = 56;

  /** A batch without points. */
  public static final MetricBatch EMPTY =
      new MetricBatch(List.of(), new int[0], new long[0], new long[0], new double[0]);

  private final List<String> names;
  private final int[] nameIndexes;
  private final long[] steps;
  private final long[] timestampsMillis;
  private final double[] values;
  private final long costBytes;

  /**
   * Takes the columns over.
   *
   * @param names the dictionary that {@code nameIndexes} points into; whoever takes names from
   *     outside leaves out those that no point has, see {@link #compact}
   * @throws IllegalArgumentException if the columns differ in length
   */
  public MetricBatch(
      List<String> names,
      int[] nameIndexes,
      long[] steps,
      long[] timestampsMillis,
      double[] values) {
    int points = values.length;
    if (nameIndexes.length != points
        || steps.length != points
        || timestampsMillis.length != points) {
      throw new IllegalArgumentException("columns of a batch must have the same length");
    }
    this.names = names;
    this.nameIndexes = nameIndexes;
    this.steps = steps;
    this.timestampsMillis = timestampsMillis;
    this.values = values;
    long bytes = (long) points * POINT_BYTES;
    for (String name : names) {
      bytes += textBytes(name);
    }
    this.costBytes = bytes;
  }

  /**
   * Takes columns over, and of a dictionary only the names that some point has: a name costs memory
   * here and a row for good in the database.
   *
   * @param nameIndexes changed in place where names are left out
   * @throws IllegalArgumentException if the columns differ in length
   */
  public static MetricBatch compact(
      List<String> dictionary,
      int[] nameIndexes,
      long[] steps,
      long[] timestampsMillis,
      double[] values) {
    int[] newIndexes = new int[dictionary.size()];
    Arrays.fill(newIndexes, -1);
    List<String> used = new ArrayList<>();
    for (int index : nameIndexes) {
      if (newIndexes[index] < 0) {
        newIndexes[index] = used.size();
        used.add(dictionary.get(index));
      }
    }
    if (used.size() == dictionary.size()) {
      return new MetricBatch(dictionary, nameIndexes, steps, timestampsMillis, values);
    }
    for (int i = 0; i < nameIndexes.length; i++) {
      nameIndexes[i] = newIndexes[nameIndexes[i]];
    }
    return new MetricBatch(List.copyOf(used), nameIndexes, steps, timestampsMillis, values);
  }

  /** Returns the memory that a text takes, rather too much than too little. */
  public static long textBytes(String text) {
    return TEXT_BYTES + (long) Character.BYTES * text.length();
  }

  /** Returns the memory that the batch takes while it waits, about. */
  public long costBytes() {
    return costBytes;
  }

  /** Returns the dictionary. */
  public List<String> names() {
    return names;
  }

  /** Returns the number of points. */
  public int size() {
    return values.length;
  }

  /** Returns a point without its name. */
  public MetricPoint point(int index) {
    return new MetricPoint(steps[index], timestampsMillis[index], values[index]);
  }

  int nameIndex(int point) {
    return nameIndexes[point];
  }

  long step(int point) {
    return steps[point];
  }

  long timestampMillis(int point) {
    return timestampsMillis[point];
  }

  double value(int point) {
    return values[point];
  }
}
