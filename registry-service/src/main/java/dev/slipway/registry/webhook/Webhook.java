package dev.slipway.registry.webhook;

import dev.slipway.registry.actor.ChangeStamp;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.model.TextSize;

/**
 * Is an address that is told of events, without its secret.
 *
 * @param deliveredRevision revision up to which every matching event was delivered or given up; 0
 *     in events, which do not follow deliveries
 */
public record Webhook(
    WebhookId id, WebhookSettings settings, ChangeStamp stamp, long deliveredRevision) {
  /** The most webhooks of a registry. */
  public static final int MAX_WEBHOOKS = 1000;

  /** Returns about how many bytes it has. */
  public long weight() {
    return TextSize.of(settings.name(), settings.description(), settings.url())
        + settings.models().stream().map(ModelName::value).mapToLong(TextSize::of).sum();
  }
}
