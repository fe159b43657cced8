package dev.slipway.serving.execution;

/**
 * Bounds of the queue in front of one version.
 *
 * @param maxQueued requests that may wait, from 0
 * @param maxRunning engine calls that may run at the same time, from 1
 * @param maxBatchRows rows that requests are joined up to, from 1; a request that is larger runs
 *     alone
 */
public record QueueLimits(int maxQueued, int maxRunning, int maxBatchRows) {
  /** Checks the ranges. */
  public QueueLimits {
    if (maxQueued < 0 || maxRunning < 1 || maxBatchRows < 1) {
      throw new IllegalArgumentException(
          "limits out of range: " + maxQueued + ", " + maxRunning + ", " + maxBatchRows);
    }
  }
}
