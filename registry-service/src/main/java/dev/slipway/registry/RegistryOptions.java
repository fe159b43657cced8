package dev.slipway.registry;

import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.policy.PolicyRules;
import dev.slipway.runtime.config.ConfigProblems;
import dev.slipway.runtime.database.DatabaseConfig;
import java.time.Duration;
import java.util.List;
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

  @Option(
      names = "--policy-roles",
      paramLabel = "ROLE",
      split = ",",
      description =
          "Roles, separated by commas, that may change stage policies. Default: everybody may.")
  private List<String> policyRoles = List.of();

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
    if (policyRoles.size() > PolicyRules.MAX_ROLES
        || !policyRoles.stream().allMatch(Caller::isRole)) {
      problems.add(
          "--policy-roles",
          "must be at most %d roles, each 1 to 64 of the characters A-Z a-z 0-9 . _ -"
              .formatted(PolicyRules.MAX_ROLES));
    }
    return problems.check(
        "--registry-poll-millis",
        () ->
            new RegistryConfig(
                database, Duration.ofMillis(pollMillis), policyRoles, webhookConfig));
  }
}
