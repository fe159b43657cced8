package dev.slipway.benchmarks;

import java.util.Arrays;
import java.util.concurrent.Callable;

/** Is how long something took, over many repetitions. */
record Latencies(double medianMillis, double p99Millis) {
  /** What is slow is repeated less often, so that a benchmark ends. */
  private static final long MOST_NANOS = 20_000_000_000L;

  private static final int LEAST_REPETITIONS = 20;

  /**
   * Repeats something, half as often again before it counts; less often, but at least 20 times,
   * when that takes longer than 20 s.
   */
  static Latencies of(int repetitions, Callable<?> work) throws Exception {
    long[] unused = repeat(repetitions / 2, work);
    return ofNanos(repeat(repetitions, work));
  }

  private static long[] repeat(int repetitions, Callable<?> work) throws Exception {
    long[] nanos = new long[repetitions];
    long first = System.nanoTime();
    for (int i = 0; i < repetitions; i++) {
      long started = System.nanoTime();
      if (i >= LEAST_REPETITIONS && started - first > MOST_NANOS) {
        return Arrays.copyOf(nanos, i);
      }
      work.call();
      nanos[i] = System.nanoTime() - started;
    }
    return nanos;
  }

  /** Returns the middle and the slowest of a hundred of some durations; NaN where there is none. */
  static Latencies ofNanos(long[] nanos) {
    if (nanos.length == 0) {
      return new Latencies(Double.NaN, Double.NaN);
    }
    long[] sorted = nanos.clone();
    Arrays.sort(sorted);
    return new Latencies(
        sorted[sorted.length / 2] / 1e6, sorted[(int) (sorted.length * 0.99)] / 1e6);
  }
}
