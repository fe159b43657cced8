package dev.slipway.registry.webhook;

import java.time.Duration;

/**
 * Is what is sent in one attempt.
 *
 * @param id the same for all attempts of a delivery
 * @param timeout how long the attempt may take
 * @param body JSON
 */
public record WebhookMessage(
    String id, String url, WebhookSecret secret, Duration timeout, String body) {}
