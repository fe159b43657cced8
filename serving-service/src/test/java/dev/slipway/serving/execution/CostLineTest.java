package dev.slipway.serving.execution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class CostLineTest {
  private final CostLine cost = new CostLine();

  private void observe(int times, long... rows) {
    for (int i = 0; i < times; i++) {
      for (long count : rows) {
        cost.observe(count, 50_000 + 2_000 * count);
      }
    }
  }

  @Test
  void callsOnALine_areFound() {
    observe(5, 1, 8, 64);

    assertThat(cost.line().fixedNanos()).isCloseTo(50_000, within(1.0));
    assertThat(cost.line().perRowNanos()).isCloseTo(2_000, within(1.0));
    assertThat(cost.line().samples()).isEqualTo(15);
    assertThat(cost.line().expectedNanos(100)).isBetween(249_999L, 250_001L);
  }

  @Test
  void callsOfOneSize_keepTheSlopeAndMoveTheRest() {
    observe(5, 1, 8, 64);

    for (int i = 0; i < 2_000; i++) {
      cost.observe(1, 82_000);
    }

    assertThat(cost.line().perRowNanos()).isCloseTo(2_000, within(1_000.0));
    assertThat(cost.line().expectedNanos(1)).isBetween(81_000L, 83_000L);
  }

  @Test
  void oneLongPause_bendsItLittle_andLastingSlownessIsLearnt() {
    observe(50, 1, 8, 64);

    cost.observe(8, 10_000_000_000L);
    assertThat(cost.line().expectedNanos(8)).isLessThan(80_000);

    for (int i = 0; i < 2_000; i++) {
      cost.observe(8, 1_000_000);
    }
    assertThat(cost.line().expectedNanos(8)).isBetween(900_000L, 1_000_001L);
  }

  @Test
  void neitherPartIsEverBelowZero() {
    for (int i = 0; i < 100; i++) {
      cost.observe(1, 1_000);
      cost.observe(10, 100_000);
      assertThat(cost.line().fixedNanos()).isNotNegative();
    }
    for (int i = 0; i < 1_000; i++) {
      cost.observe(1, 100_000);
      cost.observe(10, 1_000);
      assertThat(cost.line().perRowNanos()).isNotNegative();
    }
  }

  @Test
  void withoutACall_nothingIsKnown() {
    assertThat(cost.line().samples()).isZero();
    assertThat(cost.line().isReliable()).isFalse();
    assertThat(cost.line().expectedNanos(5)).isZero();
  }
}
