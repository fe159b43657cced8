package dev.slipway.serving.execution;

import dev.slipway.serving.execution.Execution.Timings;

/**
 * Where the time of one request went in one step of a pipeline.
 *
 * @param name which step
 * @param rows rows of the request
 * @param netNanos from the call of the step to its answer, without the steps that it calls
 * @param timings what is known of that time
 * @param cacheNanos asking the prediction cache, or all of the time when the cache had the answer
 */
public record StepTiming(
    StepName name, long rows, long netNanos, Timings timings, long cacheNanos) {
  StepTiming within(String outer) {
    return new StepTiming(name.within(outer), rows, netNanos, timings, cacheNanos);
  }
}
