package dev.slipway.cli.webhooks;

import com.google.protobuf.util.Durations;
import dev.slipway.cli.client.Age;
import dev.slipway.registry.v1.Webhook;
import dev.slipway.registry.v1.WebhookEvent;
import dev.slipway.registry.v1.WebhookState;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** Holds what people decide about a webhook. A mixin of picocli; not thread-safe. */
final class SettingsFlags {
  /** More than any secret has: the registry then says how long one may be. */
  private static final int MAX_SECRET_FILE = 4096;

  /** Is a state by the name that people give it. */
  private enum State {
    ACTIVE(WebhookState.WEBHOOK_STATE_ACTIVE),
    DISABLED(WebhookState.WEBHOOK_STATE_DISABLED);

    private final WebhookState message;

    State(WebhookState message) {
      this.message = message;
    }
  }

  @Option(
      names = "--event",
      paramLabel = "EVENT",
      converter = EventName.class,
      description =
          "What to tell of: ENTITY.ACTION, such as model_version.created, or ENTITY for all that is"
              + " done to it; may be repeated.")
  private List<WebhookEvent> events = List.of();

  @Option(
      names = "--model",
      paramLabel = "NAME",
      description = "Only what happens to this model; may be repeated. Default: to any.")
  private List<String> models = List.of();

  @Option(names = "--description", paramLabel = "TEXT", description = "Text for people.")
  private String description;

  @Option(
      names = "--timeout",
      paramLabel = "AGE",
      converter = Age.class,
      description = "How long an attempt may take, 1s to 30s. Default: 10s.")
  private Duration timeout;

  @Option(
      names = "--max-attempts",
      paramLabel = "N",
      description = "Attempts before an event is given up, 1 to 20. Default: 8.")
  private Integer maxAttempts;

  @Option(
      names = "--state",
      paramLabel = "STATE",
      description =
          "active, or disabled: nothing is sent, and what happens meanwhile is not made up for."
              + " Default: active.")
  private State state;

  @Option(
      names = "--secret-file",
      paramLabel = "FILE",
      description =
          "File with the key that signs: 24 to 64 bytes in base64, also with whsec_ before it; in"
              + " MLflow's form any text. Default: the server makes one.")
  private Path secretFile;

  /** Returns whether models were named. */
  boolean nameModels() {
    return !models.isEmpty();
  }

  /**
   * Puts what was given into a webhook, and returns the names of the fields that were.
   *
   * @throws IOException if the secret cannot be read
   */
  List<String> fill(Webhook.Builder webhook) throws IOException {
    List<String> given = new ArrayList<>();
    if (!events.isEmpty()) {
      webhook.addAllEvents(events);
      given.add("events");
    }
    if (!models.isEmpty()) {
      webhook.addAllModelNames(models);
      given.add("model_names");
    }
    if (description != null) {
      webhook.setDescription(description);
      given.add("description");
    }
    if (timeout != null) {
      webhook.setTimeout(Durations.fromSeconds(timeout.toSeconds()));
      given.add("timeout");
    }
    if (maxAttempts != null) {
      webhook.setMaxAttempts(maxAttempts);
      given.add("max_attempts");
    }
    if (state != null) {
      webhook.setState(state.message);
      given.add("state");
    }
    if (secretFile != null) {
      webhook.setSecret(secret());
      given.add("secret");
    }
    return given;
  }

  private String secret() throws IOException {
    try (InputStream file = Files.newInputStream(secretFile)) {
      return new String(file.readNBytes(MAX_SECRET_FILE), StandardCharsets.UTF_8).strip();
    }
  }
}
