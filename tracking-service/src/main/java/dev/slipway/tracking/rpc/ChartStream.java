package dev.slipway.tracking.rpc;

import dev.slipway.tracking.metric.ChartQuery;
import dev.slipway.tracking.metric.MetricChart;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.service.ListCalls;
import dev.slipway.tracking.store.MetricStore;
import dev.slipway.tracking.v1.MetricBuckets;
import dev.slipway.tracking.v1.MetricSeries;
import dev.slipway.tracking.v1.QueryMetricsResponse;
import io.grpc.stub.ServerCallStreamObserver;

/**
 * Sends charts one by one, no faster than the client takes them: the next one is read only while
 * the transport wants more, and between runs others get their turn at the database. gRPC calls it
 * from one thread at a time.
 */
final class ChartStream {
  /** What may wait in the transport, about: beside a series of average size, hardly anything. */
  private static final int READY_BYTES = 256 << 10;

  private final MetricStore metrics;
  private final ListCalls lists;
  private final ChartQuery query;
  private final ServerCallStreamObserver<QueryMetricsResponse> response;
  private int nextRun;
  private int nextKey;
  private boolean closed;

  private ChartStream(
      MetricStore metrics,
      ListCalls lists,
      ChartQuery query,
      ServerCallStreamObserver<QueryMetricsResponse> response) {
    this.metrics = metrics;
    this.lists = lists;
    this.query = query;
    this.response = response;
  }

  /** Begins to send; what remains is sent as the transport becomes ready. */
  static void start(
      MetricStore metrics,
      ListCalls lists,
      ChartQuery query,
      ServerCallStreamObserver<QueryMetricsResponse> response) {
    ChartStream stream = new ChartStream(metrics, lists, query, response);
    response.setOnReadyThreshold(READY_BYTES);
    response.setOnCancelHandler(() -> stream.closed = true);
    response.setOnReadyHandler(stream::send);
    stream.send();
  }

  private void send() {
    while (!closed && wantsMore()) {
      if (nextRun == query.runs().size()) {
        closed = true;
        response.onCompleted();
        return;
      }
      RunId run = query.runs().get(nextRun);
      nextKey =
          lists.call(
              () ->
                  metrics.charts(
                      query,
                      run,
                      nextKey,
                      (key, chart) -> {
                        response.onNext(message(run, key, chart));
                        return wantsMore();
                      }));
      if (nextKey == query.metricKeys().size()) {
        nextRun++;
        nextKey = 0;
      }
    }
  }

  private boolean wantsMore() {
    return response.isReady() && !response.isCancelled();
  }

  private static QueryMetricsResponse message(RunId run, String key, MetricChart chart) {
    MetricBuckets.Builder buckets = MetricBuckets.newBuilder();
    for (MetricChart.Bucket bucket : chart.buckets()) {
      buckets
          .addLastStep(bucket.last().step())
          .addLastTimestampMs(bucket.last().timestampMillis())
          .addLastValue(bucket.last().value())
          .addMinValue(bucket.minValue())
          .addMaxValue(bucket.maxValue())
          .addCount(bucket.points())
          .addLastX(bucket.lastX());
    }
    return QueryMetricsResponse.newBuilder()
        .setSeries(
            MetricSeries.newBuilder()
                .setRunId(run.toString())
                .setMetricKey(key)
                .setPointCount(chart.points())
                .setMinX(chart.minX())
                .setMaxX(chart.maxX())
                .setExact(chart.exact())
                .setBuckets(buckets))
        .build();
  }
}
