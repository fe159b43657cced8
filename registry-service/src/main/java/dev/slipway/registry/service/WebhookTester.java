package dev.slipway.registry.service;

import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.store.WebhookStore;
import dev.slipway.registry.upstream.WebhookSender;
import dev.slipway.registry.webhook.Webhook;
import dev.slipway.registry.webhook.WebhookAttempt;
import dev.slipway.registry.webhook.WebhookBodies;
import dev.slipway.registry.webhook.WebhookDeliveryId;
import dev.slipway.registry.webhook.WebhookEvent;
import dev.slipway.registry.webhook.WebhookId;
import dev.slipway.registry.webhook.WebhookMessage;
import dev.slipway.registry.webhook.WebhookSample;
import dev.slipway.runtime.error.InvalidRequestException;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;

/** Sends made-up events to webhooks. Thread-safe. */
public final class WebhookTester {
  private static final int MAX_TESTS = 16;

  private final WebhookStore webhooks;
  private final WebhookSender sender;
  private final WebhookBodies bodies;
  private final Clock clock;
  private final Semaphore room = new Semaphore(MAX_TESTS);

  /** Creates the tester. */
  public WebhookTester(
      WebhookStore webhooks, WebhookSender sender, WebhookBodies bodies, Clock clock) {
    this.webhooks = webhooks;
    this.sender = sender;
    this.bodies = bodies;
    this.clock = clock;
  }

  /** Is how a test went. */
  public record Result(String messageId, Instant created, WebhookAttempt attempt) {}

  /**
   * Makes up an event, makes one attempt to send it, and waits for how it goes.
   *
   * @param event absent for the first of the webhook's
   * @throws InvalidRequestException if the webhook is not told of such an event
   * @throws TooManyWebhookTestsException if {@value #MAX_TESTS} are under way
   */
  public Result test(WebhookId id, Optional<WebhookEvent> event, Caller caller) {
    WebhookStore.Signed signed = webhooks.getSigned(id);
    Webhook webhook = signed.webhook();
    if (event.isPresent() && !webhook.settings().covers(event.get())) {
      throw InvalidRequestException.of("event", "is not one of those that the webhook is told of");
    }
    if (!room.tryAcquire()) {
      throw new TooManyWebhookTestsException(MAX_TESTS);
    }
    try {
      WebhookEvent kind = event.orElse(webhook.settings().events().get(0)).withOneAction();
      Instant now = clock.instant();
      String messageId = WebhookDeliveryId.ofTest(id, ThreadLocalRandom.current().nextLong());
      return new Result(
          messageId,
          now,
          sender.send(
              new WebhookMessage(
                  messageId,
                  webhook.settings().url(),
                  signed.secret(),
                  webhook.settings().timeout(),
                  bodies.body(
                      webhook.settings().format(),
                      kind,
                      WebhookSample.of(kind, webhook.settings().models(), caller.name(), now)))));
    } finally {
      room.release();
    }
  }
}
