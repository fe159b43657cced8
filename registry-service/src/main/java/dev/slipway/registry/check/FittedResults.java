package dev.slipway.registry.check;

import dev.slipway.engine.signature.SignatureDifference;
import dev.slipway.registry.model.TextSize;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;

/**
 * Makes verdicts fit into a report: each keeps what it comes to and how it begins to say why, those
 * that did not pass keep most of their entries. Stateless.
 */
final class FittedResults {
  /**
   * What every verdict has room for, whatever the others say. Where its reporter and its link alone
   * take that much, which stay whole, its summary is left out.
   */
  private static final long SHARE = 8 << 10;

  private FittedResults() {}

  /**
   * Returns the same verdicts in the same order, with less of what they compared if need be.
   *
   * @param most bytes that all may have, at least 8 KiB for each
   */
  static List<CheckResult> of(List<CheckResult> results, long most) {
    if (results.stream().mapToLong(CheckResult::weight).sum() <= most) {
      return List.copyOf(results);
    }
    List<Integer> lightestFirst =
        IntStream.range(0, results.size())
            .boxed()
            .sorted(Comparator.comparing(i -> results.get(i).weight()))
            .toList();
    List<Integer> passed = lightestFirst.stream().filter(i -> results.get(i).passed()).toList();
    List<Integer> others = lightestFirst.stream().filter(i -> !results.get(i).passed()).toList();
    CheckResult[] fitted = results.toArray(new CheckResult[0]);
    long kept = passed.stream().mapToLong(i -> Math.min(SHARE, fitted[i].weight())).sum();
    long left = fit(fitted, others, most - kept);
    var unused = fit(fitted, passed, left + kept);
    return List.of(fitted);
  }

  /** Gives each the same room, and what one does not need to those behind; returns what is left. */
  private static long fit(CheckResult[] results, List<Integer> lightestFirst, long room) {
    long left = room;
    for (int k = 0; k < lightestFirst.size(); k++) {
      int i = lightestFirst.get(k);
      results[i] = within(results[i], Math.max(SHARE, left / (lightestFirst.size() - k)));
      left -= results[i].weight();
    }
    return left;
  }

  private static CheckResult within(CheckResult whole, long bytes) {
    if (whole.weight() <= bytes) {
      return whole;
    }
    long room =
        Math.max(0, bytes - TextSize.of(whole.name().value(), whole.reportedBy(), whole.link()));
    String summary = TextSize.cut(whole.summary(), room);
    room -= TextSize.of(summary);
    Optional<List<SignatureDifference>> differences = Optional.empty();
    if (whole.signatureDifferences().isPresent()) {
      List<SignatureDifference> kept =
          first(
              whole.signatureDifferences().get(),
              each -> each.backwardCompatible() && each.forwardCompatible(),
              CheckResult::weight,
              room);
      room -= kept.stream().mapToLong(CheckResult::weight).sum();
      differences = Optional.of(kept);
    }
    return whole.shortened(
        summary,
        differences,
        first(whole.comparisons(), CheckComparison::passed, CheckResult::weight, room));
  }

  /** Returns the entries that fit, those first that speak against a pass. */
  private static <T> List<T> first(
      List<T> entries, Predicate<T> harmless, ToLongFunction<T> weight, long room) {
    List<T> kept = new ArrayList<>();
    long left = room;
    for (T entry : entries.stream().sorted(Comparator.comparing(harmless::test)).toList()) {
      left -= weight.applyAsLong(entry);
      if (left < 0) {
        break;
      }
      kept.add(entry);
    }
    return kept;
  }
}
