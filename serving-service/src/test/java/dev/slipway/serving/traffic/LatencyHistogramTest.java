package dev.slipway.serving.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LatencyHistogramTest {
  @Test
  void percentiles_areThoseOfTheDurations_upToASixteenthTooLarge() {
    Random random = new Random(7);
    long[] durations = new long[10_000];
    LatencyHistogram one = new LatencyHistogram();
    LatencyHistogram other = new LatencyHistogram();
    for (int i = 0; i < durations.length; i++) {
      // From 20 microseconds to three hours.
      durations[i] = (long) Math.exp(10 + 20 * random.nextDouble());
      (i % 2 == 0 ? one : other).record(durations[i]);
    }
    one.add(other);
    Arrays.sort(durations);

    assertThat(one.total()).isEqualTo(durations.length);
    for (double share : new double[] {0.0001, 0.01, 0.5, 0.95, 0.99, 1}) {
      long exact = durations[(int) Math.ceil(share * durations.length) - 1];
      assertThat(one.percentileNanos(share)).isBetween((double) exact, exact * 1.07 + 1024);
    }
  }

  @Test
  void extremes_areCounted() {
    LatencyHistogram histogram = new LatencyHistogram();
    assertThat(histogram.percentileNanos(0.99)).isZero();

    histogram.record(-5);
    histogram.record(0);
    histogram.record(Long.MAX_VALUE);

    assertThat(histogram.total()).isEqualTo(3);
    assertThat(histogram.percentileNanos(0.5)).isEqualTo(1024);
    assertThat(histogram.percentileNanos(1)).isGreaterThanOrEqualTo(Long.MAX_VALUE);
  }
}
