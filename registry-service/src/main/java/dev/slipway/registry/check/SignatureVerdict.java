package dev.slipway.registry.check;

import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.signature.SignatureDiff;
import dev.slipway.engine.signature.SignatureDifference;
import dev.slipway.registry.check.CheckCondition.Signature.Mode;
import dev.slipway.registry.version.ModelVersion;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Decides whether a version may replace another, by what both declare to take and to give. */
public final class SignatureVerdict {
  private SignatureVerdict() {}

  /**
   * Compares the signature of a version with that of its predecessor. What declares nothing has
   * promised nothing to its callers, and may be replaced by anything; what replaces a version that
   * declares something must declare something.
   *
   * @param version read with its signature
   * @param predecessor absent when there is nothing to compare with, which passes
   */
  public static Verdict of(Mode mode, ModelVersion version, Optional<Predecessor> predecessor) {
    if (predecessor.isEmpty()) {
      return Verdict.of(CheckOutcome.PASSED, ComparisonVerdict.NOBODY);
    }
    Predecessor before = predecessor.get();
    Optional<ModelSignature> older = before.version().signature();
    Optional<ModelSignature> newer = version.signature();
    if (older.isEmpty()) {
      return undeclared(CheckOutcome.PASSED, "no signature is declared by " + before, before);
    }
    if (newer.isEmpty()) {
      return undeclared(
          mode == Mode.NONE ? CheckOutcome.PASSED : CheckOutcome.FAILED,
          "it declares no signature, unlike " + before,
          before);
    }
    List<SignatureDifference> differences =
        SignatureDiff.between(older.get(), newer.get()).differences();
    boolean passed = differences.stream().allMatch(difference -> accepts(mode, difference));
    return new Verdict(
        passed ? CheckOutcome.PASSED : CheckOutcome.FAILED,
        summary(mode, before, differences),
        Optional.of(before.number()),
        Optional.of(differences),
        List.of());
  }

  private static Verdict undeclared(CheckOutcome outcome, String summary, Predecessor before) {
    return new Verdict(outcome, summary, Optional.of(before.number()), Optional.empty(), List.of());
  }

  private static boolean accepts(Mode mode, SignatureDifference difference) {
    return switch (mode) {
      case BACKWARD -> difference.backwardCompatible();
      case FORWARD -> difference.forwardCompatible();
      case FULL -> difference.backwardCompatible() && difference.forwardCompatible();
      case NONE -> true;
    };
  }

  /** What is refused comes first, since long summaries are cut. */
  private static String summary(
      Mode mode, Predecessor before, List<SignatureDifference> differences) {
    if (differences.isEmpty()) {
      return "the signature is that of " + before;
    }
    List<SignatureDifference> refused =
        differences.stream().filter(difference -> !accepts(mode, difference)).toList();
    String all = differences.size() == 1 ? "1 difference" : differences.size() + " differences";
    return refused.isEmpty()
        ? all + " to " + before + ": " + spelledOut(differences)
        : "%s to %s, %d of them not compatible: %s"
            .formatted(all, before, refused.size(), spelledOut(refused));
  }

  private static String spelledOut(List<SignatureDifference> differences) {
    return differences.stream().map(SignatureVerdict::text).collect(Collectors.joining("; "));
  }

  private static String text(SignatureDifference difference) {
    String from = difference.older();
    String to = difference.newer();
    String what =
        switch (difference.kind()) {
          case ADDED -> "added, " + to;
          case REMOVED -> "removed, was " + from;
          case TYPE_WIDENED -> "type widened from " + from + " to " + to;
          case TYPE_NARROWED -> "type narrowed from " + from + " to " + to;
          case TYPE_CHANGED -> "type changed from " + from + " to " + to;
          case BECAME_OPTIONAL -> "became optional";
          case BECAME_REQUIRED -> "became required";
          case SHAPE_CHANGED -> "shape changed from " + from + " to " + to;
          case DEFAULT_CHANGED -> "default changed from " + from + " to " + to;
          case MOVED -> "moved from " + from + " to " + to;
        };
    return difference.path() + " " + what;
  }
}
