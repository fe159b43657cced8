package dev.slipway.serving.inference;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.runtime.error.InvalidRequestException;
import dev.slipway.serving.execution.EngineAwayException;
import dev.slipway.serving.execution.ExpiredException;
import dev.slipway.serving.execution.QueueFullException;
import org.junit.jupiter.api.Test;

/** Which failures count against a version. */
class RuleTrafficTest {
  @Test
  void whatTheVersionOwes_counts() {
    assertThat(RuleTraffic.isOfServer(new IllegalStateException("broken"))).isTrue();
    assertThat(
            RuleTraffic.isOfServer(
                new EngineAwayException("m/2", "gone", new IllegalStateException())))
        .isTrue();
  }

  @Test
  void whatIsOfTheRequestItsCallerOrTheLoad_doesNot() {
    assertThat(RuleTraffic.isOfServer(InvalidRequestException.of("inputs", "is required")))
        .isFalse();
    assertThat(RuleTraffic.isOfServer(ExpiredException.cancelled("m/2"))).isFalse();
    assertThat(RuleTraffic.isOfServer(ExpiredException.deadline("m/2"))).isFalse();
    assertThat(RuleTraffic.isOfServer(QueueFullException.whileLoading("m/2", 9))).isFalse();
  }
}
