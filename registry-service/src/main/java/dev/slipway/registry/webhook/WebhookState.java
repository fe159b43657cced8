package dev.slipway.registry.webhook;

/** Says whether a webhook sends; the names are stored. */
public enum WebhookState {
  /** Events are sent. */
  ACTIVE,
  /** Nothing is sent, and events that happen meanwhile never will be. */
  DISABLED
}
