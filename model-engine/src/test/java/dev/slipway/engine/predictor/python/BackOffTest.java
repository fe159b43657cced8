package dev.slipway.engine.predictor.python;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class BackOffTest {

  private final BackOff backOff = new BackOff();

  @Test
  void waits_areNoneThenDoubledUpToABound() {
    assertThat(backOff.after(Duration.ZERO)).isZero();
    assertThat(backOff.after(Duration.ZERO)).isEqualTo(BackOff.SHORTEST);
    assertThat(backOff.after(Duration.ZERO)).isEqualTo(BackOff.SHORTEST.multipliedBy(2));
    for (int i = 0; i < 100; i++) {
      assertThat(backOff.after(Duration.ZERO)).isLessThanOrEqualTo(BackOff.LONGEST);
    }
    assertThat(backOff.after(Duration.ZERO)).isEqualTo(BackOff.LONGEST);
  }

  @Test
  void waits_beginAgainAfterASteadyLife() {
    backOff.after(Duration.ZERO);
    backOff.after(Duration.ZERO);
    assertThat(backOff.after(BackOff.STEADY.minusMillis(1))).isPositive();
    assertThat(backOff.after(BackOff.STEADY)).isZero();
    assertThat(backOff.after(Duration.ZERO)).isEqualTo(BackOff.SHORTEST);
  }
}
