package dev.slipway.registry.webhook;

import dev.slipway.registry.model.ModelName;
import java.time.Duration;
import java.util.List;

/**
 * Is what people decide about a webhook, apart from its secret.
 *
 * @param name unique, 1 to {@value #MAX_NAME} characters
 * @param url where to send to
 * @param format how messages are written and signed; of one webhook always the same
 * @param events what to tell of, 1 to {@value #MAX_EVENTS}
 * @param models which models to tell of, at most {@value #MAX_MODELS}; empty for all
 * @param timeout how long an attempt may take, {@link #MIN_TIMEOUT} to {@link #MAX_TIMEOUT}
 * @param maxAttempts attempts before an event is given up, 1 to {@value #MAX_ATTEMPTS}
 */
public record WebhookSettings(
    String name,
    String description,
    String url,
    WebhookFormat format,
    List<WebhookEvent> events,
    List<ModelName> models,
    WebhookState state,
    Duration timeout,
    int maxAttempts) {
  /** The most characters of a name. */
  public static final int MAX_NAME = 256;

  /** The most characters of a description. */
  public static final int MAX_DESCRIPTION = 2000;

  /** The most characters of a URL. */
  public static final int MAX_URL = 2048;

  /** The most kinds of events of one webhook. */
  public static final int MAX_EVENTS = 32;

  /** The most models that one webhook names. */
  public static final int MAX_MODELS = 100;

  /** The shortest time that an attempt may be given. */
  public static final Duration MIN_TIMEOUT = Duration.ofSeconds(1);

  /** The longest time that an attempt may be given. */
  public static final Duration MAX_TIMEOUT = Duration.ofSeconds(30);

  /** The time of an attempt where none is given. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(10);

  /** The most attempts per event. */
  public static final int MAX_ATTEMPTS = 20;

  /** The attempts per event where no number is given. */
  public static final int DEFAULT_ATTEMPTS = 8;

  /** Copies the lists. */
  public WebhookSettings {
    events = List.copyOf(events);
    models = List.copyOf(models);
  }

  /** Returns whether a kind of event is one that the webhook is told of. */
  public boolean covers(WebhookEvent event) {
    return events.stream().anyMatch(mine -> mine.covers(event));
  }
}
