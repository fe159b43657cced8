package dev.slipway.cli.registry;

import dev.slipway.cli.client.TextLine;
import dev.slipway.registry.v1.CheckComparison;
import dev.slipway.registry.v1.CheckReport;
import dev.slipway.registry.v1.CheckResult;
import dev.slipway.registry.v1.SignatureDiff;
import dev.slipway.registry.v1.SignatureDifference;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/** Tells people what checks have compared and found. Stateless. */
final class CheckText {
  private CheckText() {}

  static void print(PrintWriter out, CheckReport report) {
    if (report.getResultsCount() == 0) {
      out.printf("%s/%d: nothing to check.%n", report.getName(), report.getVersion());
      return;
    }
    out.printf(
        "%s/%d: %s%n",
        report.getName(),
        report.getVersion(),
        report.getPassed() ? "all checks passed" : "not all checks passed");
    report.getResultsList().forEach(result -> print(out, result));
  }

  static void print(PrintWriter out, CheckResult result) {
    out.printf(
        "  %-7s  %s%s%s%n",
        Words.of(result.getOutcome(), "CHECK_OUTCOME_"),
        result.getCheckName(),
        result.getComparedWithVersion() == 0
            ? ""
            : " against version " + result.getComparedWithVersion(),
        result.getSummary().isEmpty() ? "" : ": " + TextLine.of(result.getSummary()));
    for (CheckComparison comparison : result.getComparisonsList()) {
      out.printf(
          "           %s %s: %s, asked for %s%n",
          comparison.getPassed() ? "+" : "-",
          TextLine.of(comparison.getSubject()),
          comparison.getActual().isEmpty() ? "nothing" : TextLine.of(comparison.getActual()),
          TextLine.of(comparison.getExpected()));
    }
    lines(result.getSignatureDiff()).forEach(line -> out.println("           " + line));
    if (result.getLeftOut() > 0) {
      out.printf("           and %,d more%n", result.getLeftOut());
    }
    if (!result.getLink().isEmpty()) {
      out.println("           see " + TextLine.of(result.getLink()));
    }
  }

  /** Returns a line for each difference of two signatures. */
  static List<String> lines(SignatureDiff diff) {
    List<String> lines = new ArrayList<>();
    for (SignatureDifference difference : diff.getDifferencesList()) {
      String older = TextLine.of(difference.getOlder());
      String newer = TextLine.of(difference.getNewer());
      lines.add(
          "%s %s: %s%s"
              .formatted(
                  TextLine.of(difference.getPath()),
                  Words.of(difference.getKind(), "KIND_"),
                  older.isEmpty() || newer.isEmpty() ? older + newer : older + " -> " + newer,
                  compatibility(
                      difference.getBackwardCompatible(), difference.getForwardCompatible())));
    }
    return lines;
  }

  private static String compatibility(boolean backward, boolean forward) {
    if (backward && forward) {
      return "";
    } else if (backward) {
      return " (not forward compatible)";
    }
    return forward ? " (not backward compatible)" : " (not compatible)";
  }
}
