package dev.slipway.registry.rpc;

import dev.slipway.registry.check.ReportedCheck;
import dev.slipway.registry.service.VersionComparer;
import dev.slipway.registry.service.VersionComparison;
import dev.slipway.registry.service.VersionComparison.RunDifference;
import dev.slipway.registry.store.ReportedCheckStore;
import dev.slipway.registry.v1.CheckResult;
import dev.slipway.registry.v1.CompareModelVersionsRequest;
import dev.slipway.registry.v1.CompareModelVersionsResponse;
import dev.slipway.registry.v1.ListCheckResultsRequest;
import dev.slipway.registry.v1.ListCheckResultsResponse;
import dev.slipway.registry.v1.ReportCheckRequest;
import dev.slipway.registry.v1.RunValueDifference;

/** Answers the RPCs about reported checks and about how versions differ. Thread-safe. */
public final class CheckRpcs {
  private final ReportedCheckStore reported;
  private final VersionComparer comparer;

  /** Creates the answers. */
  public CheckRpcs(ReportedCheckStore reported, VersionComparer comparer) {
    this.reported = reported;
    this.comparer = comparer;
  }

  CheckResult reportCheck(ReportCheckRequest request) {
    return CheckProtos.result(
        reported.report(CheckRequests.report(request), CallerInterceptor.current()));
  }

  ListCheckResultsResponse listCheckResults(ListCheckResultsRequest request) {
    var in = RegistryRequests.version(request.getName(), request.getVersion());
    return ListCheckResultsResponse.newBuilder()
        .addAllResults(
            reported.list(in.name(), in.number()).values().stream()
                .map(ReportedCheck::result)
                .map(CheckProtos::result)
                .toList())
        .build();
  }

  CompareModelVersionsResponse compareModelVersions(CompareModelVersionsRequest request) {
    var in = CheckRequests.compare(request);
    VersionComparison comparison =
        comparer.compare(
            in.older().name(), in.older().number(), in.newer().name(), in.newer().number());
    return CompareModelVersionsResponse.newBuilder()
        .setOlder(RegistryProtos.version(comparison.older()))
        .setNewer(RegistryProtos.version(comparison.newer()))
        .setSamePackage(comparison.samePackage())
        .setSignatureDiff(CheckProtos.signatureDiff(comparison.signatureDifferences()))
        .addAllRunDifferences(
            comparison.runDifferences().stream().map(CheckRpcs::difference).toList())
        .setRunDifferencesTruncated(comparison.truncated())
        .build();
  }

  private static RunValueDifference difference(RunDifference difference) {
    RunValueDifference.Builder message =
        RunValueDifference.newBuilder()
            .setKind(RunValueDifference.Kind.valueOf("KIND_" + difference.kind().name()))
            .setName(difference.name());
    difference.older().ifPresent(message::setOlder);
    difference.newer().ifPresent(message::setNewer);
    return message.build();
  }
}
