package dev.slipway.tracking.metric;

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

  /** The most names in a batch's dictionary. */
  public static final int MAX_NAMES = 10_000;

  /** A batch without points. */
  public static final MetricBatch EMPTY =
      new MetricBatch(List.of(), new int[0], new long[0], new long[0], new double[0]);

  private final List<String> names;
  private final int[] nameIndexes;
  private final long[] steps;
  private final long[] timestampsMillis;
  private final double[] values;

  /**
   * Takes the columns over.
   *
   * @param names the dictionary that {@code nameIndexes} points into
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
  }

  /** Returns the dictionary. */
  public List<String> names() {
    return names;
  }

  /** Returns the number of points. */
  public int size() {
    return values.length;
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
