package dev.slipway.registry;

import dev.slipway.runtime.config.ConfigProblems;
import dev.slipway.runtime.database.DatabaseConfig;
import java.time.Duration;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Holds the flags of the registry service alone. A mixin of picocli; not thread-safe. */
public final class RegistryOptions {
  @Option(
      names = "--registry-poll-millis",
      paramLabel = "MILLIS",
      defaultValue = "200",
      description =
          "How often the registry looks for changes made by other replicas. Default:"
              + " ${DEFAULT-VALUE}.")
  private long pollMillis;

  @Mixin private final WebhookOptions webhooks = new WebhookOptions();

  /**
   * Returns the settings, noting what is wrong with them; not to be used after a problem.
   *
   * @param database null after a problem that was noted already
   */
  public RegistryConfig config(DatabaseConfig database, ConfigProblems problems) {
    WebhookConfig webhookConfig = webhooks.config(problems);
    if (database == null || webhookConfig == null) {
      return null;
    }
    return problems.check(
        "--registry-poll-millis",
        () -> new RegistryConfig(database, Duration.ofMillis(pollMillis), webhookConfig));
  }
}
