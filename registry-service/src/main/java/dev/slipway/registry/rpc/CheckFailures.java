package dev.slipway.registry.rpc;

import com.google.protobuf.Any;
import dev.slipway.registry.policy.ChecksNotPassedException;
import dev.slipway.registry.v1.CheckReport;
import dev.slipway.registry.v1.CheckResult;
import dev.slipway.runtime.error.StatusMapper;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Supplier;

/** Attaches verdicts to the statuses with which moves are refused. */
final class CheckFailures {
  /**
   * A status travels in the trailers, of which clients take 8 KiB by default, base64-encoded; the
   * message and the other details have their share.
   */
  private static final int MAX_REPORT_BYTES = 2000;

  private static final int MAX_SUMMARY_CHARS = 200;

  private CheckFailures() {}

  /** Runs a move; when checks refuse it, the failure says what they found. */
  static <T> T explained(Supplier<T> move) {
    try {
      return move.get();
    } catch (ChecksNotPassedException e) {
      throw status(e);
    }
  }

  private static StatusRuntimeException status(ChecksNotPassedException failure) {
    com.google.rpc.Status status = StatusProto.fromThrowable(StatusMapper.toStatus(failure));
    return StatusProto.toStatusRuntimeException(
        status.toBuilder().addDetails(Any.pack(shortened(failure.report()))).build());
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
    int room = MAX_REPORT_BYTES;
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
    String summary = result.getSummary();
    boolean fits = summary.codePointCount(0, summary.length()) <= MAX_SUMMARY_CHARS;
    return result.toBuilder()
        .setSummary(
            fits
                ? summary
                : summary.substring(0, summary.offsetByCodePoints(0, MAX_SUMMARY_CHARS)) + "…")
        .clearComparisons()
        .clearSignatureDiff()
        .clearLink()
        .build();
  }
}
