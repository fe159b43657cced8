package dev.slipway.registry.service;

import dev.slipway.registry.check.CheckComparison;
import dev.slipway.registry.check.CheckCondition.GoldenRequests;
import dev.slipway.registry.check.CheckOutcome;
import dev.slipway.registry.check.Verdict;
import dev.slipway.registry.upstream.ServingLookup.GoldenOutcome;
import dev.slipway.registry.upstream.ServingLookup.GoldenRequest;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Decides whether a package gives the answers that it promises. */
final class GoldenVerdict {
  private GoldenVerdict() {}

  static Verdict of(GoldenRequests condition, GoldenOutcome outcome) {
    if (!outcome.problem().isEmpty()) {
      return Verdict.of(CheckOutcome.FAILED, "it cannot be loaded: " + outcome.problem());
    }
    List<GoldenRequest> requests = outcome.requests();
    if (requests.isEmpty()) {
      return Verdict.of(
          condition.allowMissing() ? CheckOutcome.PASSED : CheckOutcome.FAILED,
          "the package has no golden requests");
    }
    List<GoldenRequest> failed = requests.stream().filter(each -> !each.passed()).toList();
    return new Verdict(
        failed.isEmpty() ? CheckOutcome.PASSED : CheckOutcome.FAILED,
        failed.isEmpty()
            ? "%d of %d golden requests passed".formatted(requests.size(), requests.size())
            : "%d of %d golden requests failed: %s"
                .formatted(failed.size(), requests.size(), spelledOut(failed)),
        Optional.empty(),
        Optional.empty(),
        requests.stream()
            .map(
                each ->
                    new CheckComparison(
                        each.name(), "within tolerance", each.found(), each.passed()))
            .toList());
  }

  private static String spelledOut(List<GoldenRequest> failed) {
    return failed.stream()
        .map(each -> each.name() + " (" + each.found() + ")")
        .collect(Collectors.joining("; "));
  }
}
