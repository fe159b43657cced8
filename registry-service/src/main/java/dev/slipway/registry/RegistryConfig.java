package dev.slipway.registry;

import dev.slipway.runtime.database.DatabaseConfig;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

/**
 * Is how the registry service is set up.
 *
 * @param database where it keeps its rows
 * @param pollInterval how often the revision is looked up for watchers when no command of this
 *     process says that it has moved: 10 ms to 10 s
 * @param policyRoles roles that may change stage policies; empty: everybody
 * @param webhooks where webhooks may point to, and who may change them
 */
public record RegistryConfig(
    DatabaseConfig database,
    Duration pollInterval,
    List<String> policyRoles,
    WebhookConfig webhooks) {
  /** The poll interval where none is given. */
  public static final Duration DEFAULT_POLL_INTERVAL = Duration.ofMillis(200);

  /** Checks the settings. */
  public RegistryConfig {
    Objects.requireNonNull(database);
    Objects.requireNonNull(webhooks);
    policyRoles = List.copyOf(policyRoles);
    if (pollInterval.compareTo(Duration.ofMillis(10)) < 0
        || pollInterval.compareTo(Duration.ofSeconds(10)) > 0) {
      throw new IllegalArgumentException(
          "is " + pollInterval.toMillis() + "; must be 10 to 10000 milliseconds");
    }
  }

  /** Creates the setup with defaults but for the poll interval. */
  public RegistryConfig(DatabaseConfig database, Duration pollInterval) {
    this(database, pollInterval, List.of(), WebhookConfig.DEFAULT);
  }

  /** Returns the setup with defaults over a database. */
  public static RegistryConfig of(DatabaseConfig database) {
    return new RegistryConfig(database, DEFAULT_POLL_INTERVAL);
  }
}
