package dev.slipway.registry.check;

import dev.slipway.engine.signature.SignatureDifference;
import dev.slipway.registry.model.TextSize;
import dev.slipway.registry.version.VersionNumber;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Is the verdict of one check on one version.
 *
 * @param summary what was compared and what came out, for people
 * @param at when the verdict was reached
 * @param reportedBy who reported it; {@link #REGISTRY} when the registry ran the check
 * @param comparedWith the version against which it was compared
 * @param signatureDifferences how the version differs from that one; absent for checks that compare
 *     no signatures, and when there was none to compare with
 * @param link to details in an outer system; may be empty
 */
public record CheckResult(
    CheckName name,
    CheckOutcome outcome,
    String summary,
    Instant at,
    String reportedBy,
    Optional<VersionNumber> comparedWith,
    Optional<List<SignatureDifference>> signatureDifferences,
    List<CheckComparison> comparisons,
    String link) {
  /** Who reports the verdicts that the registry itself reaches. */
  public static final String REGISTRY = "slipway";

  /** The most characters of a summary. */
  public static final int MAX_SUMMARY = 4096;

  /** Copies the lists. */
  public CheckResult {
    signatureDifferences = signatureDifferences.map(List::copyOf);
    comparisons = List.copyOf(comparisons);
  }

  /** Returns whether the condition is met. */
  public boolean passed() {
    return outcome == CheckOutcome.PASSED;
  }

  /** Returns about how many bytes it has. */
  public long weight() {
    return TextSize.of(name.value(), summary, reportedBy, link)
        + comparisons.stream()
            .mapToLong(each -> TextSize.of(each.subject(), each.expected(), each.actual()))
            .sum()
        + signatureDifferences.stream()
            .flatMap(List::stream)
            .mapToLong(each -> TextSize.of(each.path(), each.older(), each.newer()))
            .sum();
  }
}
