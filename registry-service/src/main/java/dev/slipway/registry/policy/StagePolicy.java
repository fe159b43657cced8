package dev.slipway.registry.policy;

import dev.slipway.registry.check.CheckCondition;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.model.TextSize;
import dev.slipway.registry.version.Stage;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Governs how versions enter a stage.
 *
 * @param name the model that it is for; absent: all that have none of their own for the stage
 * @param updatedBy who set it last
 * @param revision registry revision of the last change
 */
public record StagePolicy(
    Optional<ModelName> name,
    Stage stage,
    PolicyRules rules,
    Instant updatedAt,
    String updatedBy,
    long revision) {
  /** Returns about how many bytes it has. */
  public long weight() {
    return name.map(model -> TextSize.of(model.value())).orElse(0L)
        + weight(rules.transitionRoles())
        + weight(rules.approverRoles())
        + weight(rules.forceRoles())
        + rules.checks().stream()
            .mapToLong(check -> TextSize.of(check.name().value()) + weight(check.condition()))
            .sum();
  }

  private static long weight(CheckCondition condition) {
    if (condition instanceof CheckCondition.Metrics metrics) {
      return TextSize.of(metrics.filter());
    }
    if (condition instanceof CheckCondition.Comparison comparison) {
      return TextSize.of(comparison.metricKey());
    }
    return condition instanceof CheckCondition.External external
        ? weight(external.reporterRoles())
        : 0;
  }

  private static long weight(List<String> roles) {
    return TextSize.of(roles.toArray(String[]::new));
  }
}
