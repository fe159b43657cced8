package dev.slipway.registry.check;

import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.version.VersionNumber;
import java.util.List;

/**
 * Is a verdict that another system reports on a version.
 *
 * @param outcome anything but {@link CheckOutcome#MISSING}
 */
public record NewCheckResult(
    ModelName model,
    VersionNumber version,
    CheckName name,
    CheckOutcome outcome,
    String summary,
    String link,
    List<CheckComparison> comparisons) {
  /** Copies the list. */
  public NewCheckResult {
    comparisons = List.copyOf(comparisons);
  }
}
