package dev.slipway.benchmarks;

import java.util.Arrays;
import java.util.concurrent.Callable;

/** Is how long something took, over many repetitions. */
record Latencies(double medianMillis, double p99Millis) {
  /** Repeats something, half as often again before it counts. */
  static Latencies of(int repetitions, Callable<?> work) throws Exception {
    for (int i = 0; i < repetitions / 2; i++) {
      work.call();
    }
    long[] nanos = new long[repetitions];
    for (int i = 0; i < repetitions; i++) {
      long started = System.nanoTime();
      work.call();
      nanos[i] = System.nanoTime() - started;
    }
    return ofNanos(nanos);
  }

  /** Returns the middle and the slowest of a hundred of some durations, at least one. */
  static Latencies ofNanos(long[] nanos) {
    long[] sorted = nanos.clone();
    Arrays.sort(sorted);
    return new Latencies(
        sorted[sorted.length / 2] / 1e6, sorted[(int) (sorted.length * 0.99)] / 1e6);
  }
}
