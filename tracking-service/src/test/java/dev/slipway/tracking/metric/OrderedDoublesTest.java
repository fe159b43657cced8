package dev.slipway.tracking.metric;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OrderedDoublesTest {
  private static final double[] IN_ORDER = {
    Double.NEGATIVE_INFINITY,
    -Double.MAX_VALUE,
    -1,
    -Double.MIN_VALUE,
    -0.0,
    0.0,
    Double.MIN_VALUE,
    1,
    Double.MAX_VALUE,
    Double.POSITIVE_INFINITY,
    Double.NaN
  };

  @Test
  void numbers_areInTheOrderOfTheirDoublesAndTurnBackIntoThem() {
    for (int i = 0; i < IN_ORDER.length; i++) {
      assertThat(OrderedDoubles.decode(OrderedDoubles.encode(IN_ORDER[i])))
          .isEqualTo(Double.valueOf(IN_ORDER[i]));
      for (int j = 0; j < IN_ORDER.length; j++) {
        assertThat(
                Long.compare(
                    OrderedDoubles.encode(IN_ORDER[i]), OrderedDoubles.encode(IN_ORDER[j])))
            .isEqualTo(Integer.compare(i, j));
      }
    }
  }
}
