package dev.slipway.serving.execution;

import java.time.Duration;

/**
 * Bounds of the queue in front of one version.
 *
 * @param maxQueued requests that may wait, from 0
 * @param maxRunning engine calls that may run at the same time, from 1
 * @param maxBatchRows rows that requests are joined up to, from 1; a request that is larger runs
 *     alone
 * @param maxDelay longest wait for company of a request that could run, from 0
 */
public record QueueLimits(int maxQueued, int maxRunning, int maxBatchRows, Duration maxDelay) {
  /** Checks the ranges. */
  public QueueLimits {
    if (maxQueued < 0 || maxRunning < 1 || maxBatchRows < 1 || maxDelay.isNegative()) {
      throw new IllegalArgumentException(
          "limits out of range: "
              + maxQueued
              + ", "
              + maxRunning
              + ", "
              + maxBatchRows
              + ", "
              + maxDelay);
    }
  }

  /** Creates limits under which nothing waits for company. */
  public QueueLimits(int maxQueued, int maxRunning, int maxBatchRows) {
    this(maxQueued, maxRunning, maxBatchRows, Duration.ZERO);
  }

  /**
   * Returns these limits with no more calls at once than the engine computes.
   *
   * @param parallelCalls from 1
   */
  public QueueLimits within(int parallelCalls) {
    return maxRunning <= parallelCalls
        ? this
        : new QueueLimits(maxQueued, parallelCalls, maxBatchRows, maxDelay);
  }
}
