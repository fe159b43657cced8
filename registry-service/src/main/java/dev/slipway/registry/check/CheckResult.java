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
 * @param leftOut how many differences and comparisons there were besides those that are kept
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
    String link,
    int leftOut) {
  /** Who reports the verdicts that the registry itself reaches. */
  public static final String REGISTRY = "slipway";

  /** The most characters of a summary. */
  public static final int MAX_SUMMARY = 4096;

  /** What an entry has besides its texts, where it is kept as JSON. */
  private static final long ENTRY_BYTES = 64;

  /** Copies the lists. */
  public CheckResult {
    signatureDifferences = signatureDifferences.map(List::copyOf);
    comparisons = List.copyOf(comparisons);
  }

  /** Creates a verdict that tells of all that was compared. */
  public CheckResult(
      CheckName name,
      CheckOutcome outcome,
      String summary,
      Instant at,
      String reportedBy,
      Optional<VersionNumber> comparedWith,
      Optional<List<SignatureDifference>> signatureDifferences,
      List<CheckComparison> comparisons,
      String link) {
    this(
        name,
        outcome,
        summary,
        at,
        reportedBy,
        comparedWith,
        signatureDifferences,
        comparisons,
        link,
        0);
  }

  /** Returns the same verdict with less to say, and says how many entries are left out. */
  CheckResult shortened(
      String summaryKept,
      Optional<List<SignatureDifference>> differencesKept,
      List<CheckComparison> comparisonsKept) {
    int kept = differencesKept.map(List::size).orElse(0) + comparisonsKept.size();
    int all = signatureDifferences.map(List::size).orElse(0) + comparisons.size();
    return new CheckResult(
        name,
        outcome,
        summaryKept,
        at,
        reportedBy,
        comparedWith,
        differencesKept,
        comparisonsKept,
        link,
        leftOut + all - kept);
  }

  /** Returns whether the condition is met. */
  public boolean passed() {
    return outcome == CheckOutcome.PASSED;
  }

  /** Returns about how many bytes it has. */
  public long weight() {
    return TextSize.of(name.value(), summary, reportedBy, link)
        + comparisons.stream().mapToLong(CheckResult::weight).sum()
        + signatureDifferences.stream().flatMap(List::stream).mapToLong(CheckResult::weight).sum();
  }

  static long weight(CheckComparison entry) {
    return ENTRY_BYTES + TextSize.of(entry.subject(), entry.expected(), entry.actual());
  }

  static long weight(SignatureDifference entry) {
    return ENTRY_BYTES + TextSize.of(entry.path(), entry.older(), entry.newer());
  }
}
