package dev.slipway.registry.rpc;

import dev.slipway.registry.check.CheckComparison;
import dev.slipway.registry.check.CheckName;
import dev.slipway.registry.check.CheckOutcome;
import dev.slipway.registry.check.CheckResult;
import dev.slipway.registry.check.NewCheckResult;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.rpc.RegistryRequests.VersionId;
import dev.slipway.registry.v1.CompareModelVersionsRequest;
import dev.slipway.registry.v1.ReportCheckRequest;
import dev.slipway.registry.version.VersionNumber;
import java.util.List;
import java.util.Optional;

/** Reads the requests about checks and comparisons; see {@link RegistryRequests}. */
final class CheckRequests {
  private static final int MAX_COMPARISONS = 1000;

  /** With this, a hundred verdicts fit into one answer. */
  private static final int MAX_REPORT_BYTES = 32 << 10;

  private CheckRequests() {}

  record Comparison(VersionId older, VersionId newer) {}

  static NewCheckResult report(ReportCheckRequest request) {
    RequestFields in = new RequestFields();
    Optional<VersionId> id = in.versionId("", request.getName(), request.getVersion());
    Optional<CheckName> name =
        in.violations().parse("check_name", request.getCheckName(), CheckName::new);
    Optional<CheckOutcome> outcome = outcome(request);
    if (outcome.isEmpty()) {
      in.violations()
          .add(
              "outcome",
              "must be CHECK_OUTCOME_PASSED, CHECK_OUTCOME_FAILED or" + " CHECK_OUTCOME_ERROR");
    }
    in.text("summary", request.getSummary(), CheckResult.MAX_SUMMARY);
    in.link("link", request.getLink());
    if (request.getComparisonsCount() > MAX_COMPARISONS) {
      in.violations()
          .add(
              "comparisons",
              "has %d entries; at most %d are allowed"
                  .formatted(request.getComparisonsCount(), MAX_COMPARISONS));
    }
    if (request.getSerializedSize() > MAX_REPORT_BYTES) {
      in.violations()
          .add(
              "comparisons",
              "make the request %d bytes large; at most %d are taken"
                  .formatted(request.getSerializedSize(), MAX_REPORT_BYTES));
    }
    List<CheckComparison> comparisons =
        request.getComparisonsList().stream()
            .limit(MAX_COMPARISONS)
            .map(
                each ->
                    new CheckComparison(
                        each.getSubject(), each.getExpected(), each.getActual(), each.getPassed()))
            .toList();
    for (int i = 0; i < comparisons.size(); i++) {
      String path = "comparisons[" + i + "].";
      in.text(path + "subject", comparisons.get(i).subject(), MAX_REPORT_BYTES);
      in.text(path + "expected", comparisons.get(i).expected(), MAX_REPORT_BYTES);
      in.text(path + "actual", comparisons.get(i).actual(), MAX_REPORT_BYTES);
    }
    in.violations().throwIfAny();
    return new NewCheckResult(
        id.orElseThrow().name(),
        id.orElseThrow().number(),
        name.orElseThrow(),
        outcome.orElseThrow(),
        request.getSummary(),
        request.getLink(),
        comparisons);
  }

  static Comparison compare(CompareModelVersionsRequest request) {
    RequestFields in = new RequestFields();
    Optional<VersionId> older = in.versionId("", request.getName(), request.getVersion());
    Optional<ModelName> name =
        request.getOtherName().isEmpty()
            ? older.map(VersionId::name)
            : in.name("other_name", request.getOtherName());
    Optional<VersionNumber> number = in.number("other_version", request.getOtherVersion());
    in.violations().throwIfAny();
    return new Comparison(
        older.orElseThrow(), new VersionId(name.orElseThrow(), number.orElseThrow()));
  }

  private static Optional<CheckOutcome> outcome(ReportCheckRequest request) {
    return switch (request.getOutcome()) {
      case CHECK_OUTCOME_PASSED -> Optional.of(CheckOutcome.PASSED);
      case CHECK_OUTCOME_FAILED -> Optional.of(CheckOutcome.FAILED);
      case CHECK_OUTCOME_ERROR -> Optional.of(CheckOutcome.ERROR);
      case CHECK_OUTCOME_MISSING, CHECK_OUTCOME_UNSPECIFIED, UNRECOGNIZED -> Optional.empty();
    };
  }
}
