package dev.slipway.registry.rpc;

import dev.slipway.registry.policy.ChecksNotPassedException;
import dev.slipway.registry.v1.CheckReport;
import dev.slipway.registry.v1.CheckResult;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Supplier;

/** Attaches verdicts to the statuses with which moves are refused. */
final class CheckFailures {
  private static final int MAX_SUMMARY_CHARS = 200;

  private CheckFailures() {}

  /** Runs a move; when checks refuse it, the failure says what they found. */
  static <T> T explained(Supplier<T> move) {
    try {
      return move.get();
    } catch (ChecksNotPassedException e) {
      throw StatusDetails.attach(e, shortened(e.report()));
    }
  }

  /**
   * Returns the verdicts without their single comparisons, in the order of the policy; when there
   * is no room for all, those that did not pass stay.
   */
  static CheckReport shortened(dev.slipway.registry.check.CheckReport report) {
    List<CheckResult> results = new ArrayList<>();
    report.results().forEach(result -> results.add(shortened(CheckProtos.result(result))));
    List<Integer> byNeed = new ArrayList<>();
    for (int i = 0; i < results.size(); i++) {
      byNeed.add(i);
    }
    byNeed.sort(Comparator.comparing(i -> report.results().get(i).passed()));
    List<Integer> kept = new ArrayList<>();
    int room = StatusDetails.MAX_BYTES;
    for (int i : byNeed) {
      room -= results.get(i).getSerializedSize();
      if (room < 0) {
        break;
      }
      kept.add(i);
    }
    kept.sort(Comparator.naturalOrder());
    return CheckReport.newBuilder()
        .setName(report.model().value())
        .setVersion(report.version().value())
        .addAllResults(kept.stream().map(results::get).toList())
        .setPassed(report.passed())
        .build();
  }

  private static CheckResult shortened(CheckResult result) {
    return result.toBuilder()
        .setSummary(StatusDetails.cut(result.getSummary(), MAX_SUMMARY_CHARS))
        .clearComparisons()
        .clearSignatureDiff()
        .clearLink()
        .build();
  }
}
