package dev.slipway.serving.execution;

import com.google.errorprone.annotations.concurrent.GuardedBy;

/**
 * The expected time of an engine call as a line over its rows, {@code fixed + perRow * rows}.
 *
 * <p>Least squares over means that forget: a new call weighs a 128th, more while fewer were seen. A
 * call that took far longer than expected counts as four times the expectation, so that a pause of
 * the machine bends the line little, and a model that has become slow is still learnt within some
 * calls. As long as all calls have the same rows the slope stays what it was. Thread-safe; reading
 * takes no lock.
 */
public final class CostLine {
  private static final double NEWEST_WEIGHT = 1.0 / 128;
  private static final double LARGEST_SURPRISE = 4;

  /** So many calls are believed as they are: there is no expectation yet. */
  private static final int LEARNING = 8;

  /** A smaller spread of rows, relative to their mean, says nothing of the slope. */
  private static final double LEAST_SPREAD = 0.01;

  private volatile Line line = new Line(0, 0, 0);

  @GuardedBy("this")
  private double meanRows;

  @GuardedBy("this")
  private double meanNanos;

  @GuardedBy("this")
  private double rowsVariance;

  @GuardedBy("this")
  private double covariance;

  /**
   * A line at one moment.
   *
   * @param fixedNanos cost of a call without rows, from 0
   * @param perRowNanos cost of one more row, from 0
   * @param samples calls that it was fitted to; 0 means that it is not known
   */
  public record Line(double fixedNanos, double perRowNanos, long samples) {
    /** Tells whether enough calls were seen to refuse a request by it. */
    boolean isReliable() {
      return samples >= LEARNING;
    }

    /** Returns the expected time of one call, nanoseconds; 0 when it is not known. */
    long expectedNanos(long rows) {
      return (long) (fixedNanos + perRowNanos * rows);
    }
  }

  /** Takes note of a call. */
  synchronized void observe(long rows, long nanos) {
    Line present = line;
    double took = nanos;
    if (present.samples() >= LEARNING) {
      took = Math.min(took, LARGEST_SURPRISE * Math.max(1, present.expectedNanos(rows)));
    }
    double weight = Math.max(NEWEST_WEIGHT, 1.0 / (present.samples() + 1));
    double rowsOff = rows - meanRows;
    double nanosOff = took - meanNanos;
    meanRows += weight * rowsOff;
    meanNanos += weight * nanosOff;
    rowsVariance = (1 - weight) * (rowsVariance + weight * rowsOff * rowsOff);
    covariance = (1 - weight) * (covariance + weight * rowsOff * nanosOff);
    double perRow =
        rowsVariance > LEAST_SPREAD * meanRows * meanRows
            ? Math.max(0, covariance / rowsVariance)
            : present.perRowNanos();
    double fixed = meanNanos - perRow * meanRows;
    if (fixed < 0) {
      fixed = 0;
      perRow = meanNanos / meanRows;
    }
    line = new Line(fixed, perRow, present.samples() + 1);
  }

  /** Returns the line as it is now. */
  public Line line() {
    return line;
  }
}
