package dev.slipway.registry.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class WebhookDeliveryTest {
  private static final Instant NOW = Instant.parse("2026-02-03T04:05:06Z");
  private static final WebhookDelivery QUEUED =
      new WebhookDelivery(
          new WebhookDeliveryId(new WebhookId("0".repeat(32)), 7),
          new WebhookEvent(WebhookEvent.Entity.CHECK, Optional.empty()),
          WebhookDeliveryState.PENDING,
          0,
          List.of(),
          NOW,
          Optional.of(NOW));

  @Test
  void failures_waitTwiceAsLongEachTime_upToAnHour() {
    WebhookDelivery delivery = QUEUED;
    for (long seconds :
        new long[] {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600}) {
      delivery = delivery.after(attempt(503), 20, 0.5);
      assertThat(delivery.nextAttempt()).contains(NOW.plusMillis(10).plusSeconds(seconds));
    }
    assertThat(QUEUED.after(attempt(503), 20, 0).nextAttempt()).contains(NOW.plusMillis(10 + 800));
    assertThat(QUEUED.after(attempt(503), 20, 0.99999).nextAttempt().orElseThrow())
        .isBetween(NOW.plusMillis(10 + 1199), NOW.plusMillis(10 + 1200));
  }

  @Test
  void lastAttempt_andGone_areTheEnd_andSuccessIsToo() {
    assertThat(QUEUED.after(attempt(503), 1, 0.5).state()).isEqualTo(WebhookDeliveryState.DEAD);
    assertThat(QUEUED.after(attempt(410), 20, 0.5).state()).isEqualTo(WebhookDeliveryState.DEAD);
    assertThat(QUEUED.after(attempt(0), 2, 0.5).state()).isEqualTo(WebhookDeliveryState.PENDING);
    assertThat(QUEUED.after(attempt(302), 2, 0.5).state()).isEqualTo(WebhookDeliveryState.PENDING);
    WebhookDelivery delivered = QUEUED.after(attempt(299), 2, 0.5);
    assertThat(delivered.state()).isEqualTo(WebhookDeliveryState.DELIVERED);
    assertThat(delivered.nextAttempt()).isEmpty();
  }

  @Test
  void again_hasAllTries_andKeepsTheLastAttempts() {
    WebhookDelivery delivery = QUEUED;
    for (int i = 0; i < 15; i++) {
      delivery = delivery.after(attempt(500 + i), 15, 0.5);
    }
    delivery = delivery.again(NOW);
    for (int i = 0; i < 10; i++) {
      delivery = delivery.after(attempt(400), 15, 0.5);
    }

    assertThat(delivery.state()).isEqualTo(WebhookDeliveryState.PENDING);
    assertThat(delivery.tries()).isEqualTo(10);
    assertThat(delivery.attempts()).hasSize(20);
    assertThat(delivery.attempts().get(0).httpStatus()).isEqualTo(505);
  }

  private static WebhookAttempt attempt(int status) {
    return new WebhookAttempt(NOW, Duration.ofMillis(10), status, "", "");
  }
}
