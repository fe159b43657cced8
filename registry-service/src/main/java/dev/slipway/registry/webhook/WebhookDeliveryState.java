package dev.slipway.registry.webhook;

/** Says where a delivery stands; the names are stored. */
public enum WebhookDeliveryState {
  /** It waits for its first or next attempt. */
  PENDING,
  /** The receiver took it. */
  DELIVERED,
  /** It was given up. */
  DEAD
}
