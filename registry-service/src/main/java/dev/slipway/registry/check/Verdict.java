package dev.slipway.registry.check;

import dev.slipway.engine.signature.SignatureDifference;
import dev.slipway.registry.version.VersionNumber;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Is what the registry itself finds out about one condition.
 *
 * @param comparedWith the version against which it was compared
 * @param differences absent when no signatures were compared
 */
public record Verdict(
    CheckOutcome outcome,
    String summary,
    Optional<VersionNumber> comparedWith,
    Optional<List<SignatureDifference>> differences,
    List<CheckComparison> comparisons) {
  /** The most differences, and the most comparisons, that are kept. */
  public static final int MAX_ENTRIES = 100;

  private static final int MAX_TEXT = 250;

  /** Copies the lists. */
  public Verdict {
    differences = differences.map(List::copyOf);
    comparisons = List.copyOf(comparisons);
  }

  /** Returns a verdict that compared nothing. */
  public static Verdict of(CheckOutcome outcome, String summary) {
    return new Verdict(outcome, summary, Optional.empty(), Optional.empty(), List.of());
  }

  /**
   * Returns the verdict as that of a check. Bounded, since verdicts are kept with requests and
   * events: long texts and lists are cut, and what speaks against a pass comes first where a list
   * is.
   */
  public CheckResult result(CheckName name, Instant at) {
    CheckResult whole =
        new CheckResult(
            name,
            outcome,
            summary,
            at,
            CheckResult.REGISTRY,
            comparedWith,
            differences,
            comparisons,
            "");
    return whole.shortened(
        cut(summary, CheckResult.MAX_SUMMARY),
        differences.map(Verdict::keptDifferences),
        keptComparisons(comparisons));
  }

  private static List<CheckComparison> keptComparisons(List<CheckComparison> comparisons) {
    return (comparisons.size() <= MAX_ENTRIES
            ? comparisons.stream()
            : comparisons.stream()
                .sorted(Comparator.comparing(CheckComparison::passed))
                .limit(MAX_ENTRIES))
        .map(
            each ->
                new CheckComparison(
                    cut(each.subject(), MAX_TEXT),
                    cut(each.expected(), MAX_TEXT),
                    cut(each.actual(), MAX_TEXT),
                    each.passed()))
        .toList();
  }

  private static List<SignatureDifference> keptDifferences(List<SignatureDifference> differences) {
    return (differences.size() <= MAX_ENTRIES
            ? differences.stream()
            : differences.stream()
                .sorted(
                    Comparator.comparing(
                        each -> each.backwardCompatible() && each.forwardCompatible()))
                .limit(MAX_ENTRIES))
        .map(
            each ->
                new SignatureDifference(
                    cut(each.path(), MAX_TEXT),
                    each.kind(),
                    cut(each.older(), MAX_TEXT),
                    cut(each.newer(), MAX_TEXT),
                    each.backwardCompatible(),
                    each.forwardCompatible()))
        .toList();
  }

  /** Returns the text, or its beginning with a mark when it has more code points; no half one. */
  private static String cut(String text, int most) {
    return text.codePointCount(0, text.length()) <= most
        ? text
        : text.substring(0, text.offsetByCodePoints(0, most - 1)) + "…";
  }
}
