package dev.slipway.registry.check;

import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.signature.SignatureDiff;
import dev.slipway.engine.signature.SignatureDifference;
import dev.slipway.registry.check.CheckCondition.Signature.Mode;
import dev.slipway.registry.version.ModelVersion;
import dev.slipway.registry.version.VersionNumber;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Decides whether a version may replace another, by what both declare to take and to give. */
public final class SignatureVerdict {
  private SignatureVerdict() {}

  /**
   * Compares the signature of a version with that of the stage's holder. What declares nothing has
   * promised nothing to its callers, and may be replaced by anything; what replaces a version that
   * declares something must declare something.
   *
   * @param version read with its signature
   * @param holder read with its signature; absent when the stage is empty
   */
  public static Verdict of(Mode mode, ModelVersion version, Optional<ModelVersion> holder) {
    if (holder.isEmpty()) {
      return Verdict.of(CheckOutcome.PASSED, "no version is in the stage to compare with");
    }
    VersionNumber number = holder.get().number();
    Optional<ModelSignature> older = holder.get().signature();
    Optional<ModelSignature> newer = version.signature();
    if (older.isEmpty()) {
      return new Verdict(
          CheckOutcome.PASSED,
          "version " + number + " declares no signature",
          Optional.of(number),
          Optional.empty(),
          List.of());
    }
    if (newer.isEmpty()) {
      return new Verdict(
          mode == Mode.NONE ? CheckOutcome.PASSED : CheckOutcome.FAILED,
          "it declares no signature, and version " + number + " does",
          Optional.of(number),
          Optional.empty(),
          List.of());
    }
    List<SignatureDifference> differences =
        SignatureDiff.between(older.get(), newer.get()).differences();
    boolean passed = differences.stream().allMatch(difference -> accepts(mode, difference));
    return new Verdict(
        passed ? CheckOutcome.PASSED : CheckOutcome.FAILED,
        summary(mode, number, differences),
        Optional.of(number),
        Optional.of(differences),
        List.of());
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
      Mode mode, VersionNumber number, List<SignatureDifference> differences) {
    if (differences.isEmpty()) {
      return "the signature is that of version " + number;
    }
    List<SignatureDifference> refused =
        differences.stream().filter(difference -> !accepts(mode, difference)).toList();
    String all = differences.size() == 1 ? "1 difference" : differences.size() + " differences";
    return refused.isEmpty()
        ? all + " to version " + number + ": " + spelledOut(differences)
        : "%s to version %s, %d of them not compatible: %s"
            .formatted(all, number, refused.size(), spelledOut(refused));
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
