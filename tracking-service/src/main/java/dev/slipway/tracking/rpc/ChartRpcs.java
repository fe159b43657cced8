package dev.slipway.tracking.rpc;

import dev.slipway.tracking.metric.ChartQuery;
import dev.slipway.tracking.service.ListCalls;
import dev.slipway.tracking.store.MetricStore;
import dev.slipway.tracking.store.RunStore;
import dev.slipway.tracking.v1.QueryMetricsRequest;
import dev.slipway.tracking.v1.QueryMetricsResponse;
import io.grpc.stub.ServerCallStreamObserver;

/** Adapts charts. Thread-safe. */
final class ChartRpcs {
  private final RunStore runs;
  private final MetricStore metrics;
  private final ListCalls lists;

  ChartRpcs(RunStore runs, MetricStore metrics, ListCalls lists) {
    this.runs = runs;
    this.metrics = metrics;
    this.lists = lists;
  }

  void queryMetrics(
      QueryMetricsRequest request, ServerCallStreamObserver<QueryMetricsResponse> observer) {
    ChartQuery query = ChartRequests.queryMetrics(request);
    runs.requireAll(query.runs());
    ChartStream.start(metrics, lists, query, observer);
  }
}
