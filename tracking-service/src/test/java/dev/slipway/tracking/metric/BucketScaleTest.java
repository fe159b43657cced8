package dev.slipway.tracking.metric;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class BucketScaleTest {
  private static final long[] ODD = {
    Long.MIN_VALUE, Long.MIN_VALUE + 1, -1, 0, 1, Long.MAX_VALUE - 1, Long.MAX_VALUE
  };
  private static final int[] COUNTS = {1, 2, 3, 499, 500, 9_999, ChartQuery.MAX_BUCKETS};

  @Test
  void everyRange_isDividedAsTheFractionSays() {
    Random random = new Random(5);
    for (int i = 0; i < 20_000; i++) {
      long a = any(random);
      long b = any(random);
      long min = Math.min(a, b);
      long max = Math.max(a, b);
      int buckets =
          random.nextBoolean() ? COUNTS[random.nextInt(COUNTS.length)] : 1 + random.nextInt(9_999);
      BucketScale scale = new BucketScale(min, max, buckets);
      long middle = min + Math.floorMod(random.nextLong(), Math.max(1, max - min));
      for (long x : new long[] {min, max, middle < min || middle > max ? min : middle}) {
        assertThat(scale.bucket(x))
            .as("%s in [%s, %s] with %s buckets", x, min, max, buckets)
            .isEqualTo(NaiveChart.bucket(x, min, max, buckets).intValueExact());
      }
    }
  }

  @Test
  void smallRange_givesEveryNumberItsOwnBucket() {
    BucketScale scale = new BucketScale(-3, 3, 500);
    assertThat(LongStream.rangeClosed(-3, 3).map(scale::bucket).distinct().count()).isEqualTo(7);
  }

  private static long any(Random random) {
    return switch (random.nextInt(4)) {
      case 0 -> ODD[random.nextInt(ODD.length)];
      case 1 -> random.nextInt(1_000);
      case 2 -> random.nextInt();
      default -> random.nextLong();
    };
  }
}
