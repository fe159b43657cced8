package dev.slipway.registry.webhook;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Is the sending of one event to one webhook.
 *
 * @param event what the webhook is told of
 * @param tries attempts since it was queued, or queued again
 * @param attempts the last attempts, oldest first; at most {@value #MAX_ATTEMPTS_KEPT}
 * @param nextAttempt when the next attempt is due; present exactly when it is pending
 */
public record WebhookDelivery(
    WebhookDeliveryId id,
    WebhookEvent event,
    WebhookDeliveryState state,
    int tries,
    List<WebhookAttempt> attempts,
    Instant created,
    Optional<Instant> nextAttempt) {
  /** The most attempts that are kept. */
  public static final int MAX_ATTEMPTS_KEPT = 20;

  /** Copies the attempts. */
  public WebhookDelivery {
    attempts = List.copyOf(attempts);
  }

  /**
   * Returns how the delivery goes on after an attempt.
   *
   * @param maxAttempts tries before it is given up
   * @param jitter places the next attempt, if there is one: 0 (inclusive) to 1 (exclusive)
   */
  public WebhookDelivery after(WebhookAttempt attempt, int maxAttempts, double jitter) {
    List<WebhookAttempt> all = new ArrayList<>(attempts);
    all.add(attempt);
    List<WebhookAttempt> kept =
        all.subList(Math.max(0, all.size() - MAX_ATTEMPTS_KEPT), all.size());
    int tried = tries + 1;
    WebhookDeliveryState next =
        attempt.delivered()
            ? WebhookDeliveryState.DELIVERED
            : attempt.gone() || tried >= maxAttempts
                ? WebhookDeliveryState.DEAD
                : WebhookDeliveryState.PENDING;
    Optional<Instant> due =
        next == WebhookDeliveryState.PENDING
            ? Optional.of(
                attempt.time().plus(attempt.duration()).plus(RetryPause.after(tried, jitter)))
            : Optional.empty();
    return new WebhookDelivery(id, event, next, tried, kept, created, due);
  }

  /** Returns the delivery as it is queued again, with all its tries. */
  public WebhookDelivery again(Instant now) {
    return new WebhookDelivery(
        id, event, WebhookDeliveryState.PENDING, 0, attempts, created, Optional.of(now));
  }

  /** Returns about how many bytes it has. */
  public long weight() {
    return attempts.stream().mapToLong(WebhookAttempt::weight).sum();
  }
}
