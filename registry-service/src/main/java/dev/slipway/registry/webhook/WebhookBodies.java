package dev.slipway.registry.webhook;

import dev.slipway.registry.event.RegistryEvent;

/** Makes the bodies of messages. Thread-safe. */
public interface WebhookBodies {
  /**
   * Returns the body that tells of an event, in JSON.
   *
   * @param format how it is written
   * @param kind what the webhook is told of; has an action
   */
  String body(WebhookFormat format, WebhookEvent kind, RegistryEvent event);
}
