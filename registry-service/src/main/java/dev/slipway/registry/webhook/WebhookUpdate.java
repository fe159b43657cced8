package dev.slipway.registry.webhook;

import dev.slipway.registry.model.ModelName;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Says what to change of a webhook; what is absent stays.
 *
 * @param secret as it was given: what it must be depends on the webhook's format
 */
public record WebhookUpdate(
    Optional<String> name,
    Optional<String> description,
    Optional<String> url,
    Optional<List<WebhookEvent>> events,
    Optional<List<ModelName>> models,
    Optional<String> secret,
    Optional<WebhookState> state,
    Optional<Duration> timeout,
    Optional<Integer> maxAttempts) {
  /** Returns the settings with the changes. */
  public WebhookSettings applyTo(WebhookSettings settings) {
    return new WebhookSettings(
        name.orElse(settings.name()),
        description.orElse(settings.description()),
        url.orElse(settings.url()),
        settings.format(),
        events.orElse(settings.events()),
        models.orElse(settings.models()),
        state.orElse(settings.state()),
        timeout.orElse(settings.timeout()),
        maxAttempts.orElse(settings.maxAttempts()));
  }
}
