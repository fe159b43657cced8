package dev.slipway.serving.inference;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.serving.catalog.Selector;
import dev.slipway.serving.catalog.Stage;
import dev.slipway.serving.catalog.TrafficRule;
import dev.slipway.serving.catalog.TrafficRule.Shadow;
import dev.slipway.serving.execution.Execution;
import dev.slipway.serving.model.RulesInForce.RuleKey;
import dev.slipway.serving.traffic.TrafficMeter;
import dev.slipway.serving.traffic.TrafficMeters;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ShadowQueueTest {
  private static final Shadow SHADOW = new Shadow(new Selector.Numbered(2), 1, 0, 0);

  private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5);
  private final AtomicLong bytes = new AtomicLong();
  private final ShadowQueue queue = new ShadowQueue(bytes, now::get);
  private final TrafficMeter meter =
      new TrafficMeters(now::get)
          .of(
              new RuleKey("m", Stage.PRODUCTION),
              new TrafficRule(
                  Optional.empty(),
                  Optional.of(SHADOW),
                  Optional.empty(),
                  Optional.empty(),
                  "",
                  Optional.empty(),
                  1,
                  Instant.EPOCH,
                  ""));

  private ShadowCopy copy(String key, long size) {
    InferenceRequest request =
        new InferenceRequest(
            "m",
            Selector.PRODUCTION,
            null,
            List.of(),
            Map.of(),
            false,
            Optional.empty(),
            key,
            Execution.NO_DEADLINE,
            () -> false);
    return new ShadowCopy(SHADOW, request, List.of(), meter, size);
  }

  private String polled() {
    return queue.poll().map(copy -> copy.request().routeKey()).orElse("none");
  }

  @Test
  void copiesThatWaitedForTooLong_areDroppedAndCounted() {
    assertThat(queue.offer(copy("first", 10))).isTrue();
    now.addAndGet(ShadowQueue.MOST_AGE_NANOS);
    assertThat(queue.offer(copy("second", 20))).isTrue();
    assertThat(meter.droppedTotal()).isZero();

    now.incrementAndGet();

    assertThat(polled()).isEqualTo("second");
    assertThat(polled()).isEqualTo("none");
    assertThat(meter.droppedTotal()).isEqualTo(1);
    assertThat(bytes).hasValue(0);
  }

  @Test
  void oldCopies_makeRoomForNewOnes() {
    for (int i = 0; i < ShadowQueue.MOST_COPIES; i++) {
      assertThat(queue.offer(copy("old", 1))).isTrue();
    }
    assertThat(queue.offer(copy("one too many", 1))).isFalse();
    assertThat(meter.droppedTotal()).isEqualTo(1);
    assertThat(bytes).hasValue(ShadowQueue.MOST_COPIES);

    now.addAndGet(ShadowQueue.MOST_AGE_NANOS + 1);

    assertThat(queue.offer(copy("new", 1))).isTrue();
    assertThat(meter.droppedTotal()).isEqualTo(1 + ShadowQueue.MOST_COPIES);
    assertThat(polled()).isEqualTo("new");
  }

  @Test
  void bytesOfAllQueues_areBounded() {
    ShadowQueue other = new ShadowQueue(bytes, now::get);

    assertThat(queue.offer(copy("large", ShadowQueue.MOST_BYTES - 1))).isTrue();
    assertThat(other.offer(copy("too large", 2))).isFalse();
    assertThat(other.offer(copy("fits", 1))).isTrue();
    assertThat(meter.droppedTotal()).isEqualTo(1);
    assertThat(polled()).isEqualTo("large");
    assertThat(bytes).hasValue(1);
  }
}
