package dev.slipway.tracking.rpc;

import dev.slipway.runtime.error.Violations;
import dev.slipway.tracking.entry.EntryKey;
import dev.slipway.tracking.entry.KeySelection;
import dev.slipway.tracking.export.MetricFileFormat;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.service.ListCalls;
import dev.slipway.tracking.service.MetricExport;
import dev.slipway.tracking.store.MetricStore;
import dev.slipway.tracking.store.RunStore;
import dev.slipway.tracking.v1.ExportFormat;
import dev.slipway.tracking.v1.ExportMetricsRequest;
import dev.slipway.tracking.v1.ExportMetricsResponse;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.List;
import java.util.Set;

/** Adapts the export of metrics. Thread-safe. */
final class ExportRpcs {
  private static final int MAX_RUNS = 1_000;
  private static final int MAX_KEYS = 1_000;

  private final RunStore runs;
  private final MetricStore metrics;
  private final ListCalls lists;

  ExportRpcs(RunStore runs, MetricStore metrics, ListCalls lists) {
    this.runs = runs;
    this.metrics = metrics;
    this.lists = lists;
  }

  void exportMetrics(
      ExportMetricsRequest request, ServerCallStreamObserver<ExportMetricsResponse> observer) {
    Violations violations = new Violations();
    List<RunId> wanted =
        EntryRequests.runIds("run_ids", request.getRunIdsList(), MAX_RUNS, violations);
    KeySelection keys = keys(request.getMetricKeysList(), violations);
    MetricFileFormat format = format(request.getFormat(), violations);
    violations.throwIfAny();
    ExportStream.start(MetricExport.of(runs, metrics, lists, wanted, keys), format, observer);
  }

  private static KeySelection keys(List<String> keys, Violations violations) {
    EntryRequests.atMost("metric_keys", keys.size(), MAX_KEYS, violations);
    for (int i = 0; i < keys.size(); i++) {
      String field = "metric_keys[" + i + "]";
      violations.required(field, keys.get(i));
      EntryRequests.text(field, keys.get(i), EntryKey.MAX_CHARS, violations);
    }
    return keys.isEmpty() ? KeySelection.ALL : KeySelection.of(Set.copyOf(keys));
  }

  private static MetricFileFormat format(ExportFormat format, Violations violations) {
    return switch (format) {
      case EXPORT_FORMAT_CSV -> MetricFileFormat.CSV;
      case EXPORT_FORMAT_ARROW -> MetricFileFormat.ARROW;
      default -> {
        violations.add("format", "must be CSV or Arrow");
        yield MetricFileFormat.CSV;
      }
    };
  }
}
