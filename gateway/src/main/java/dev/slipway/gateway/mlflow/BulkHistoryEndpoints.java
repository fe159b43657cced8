package dev.slipway.gateway.mlflow;

import dev.slipway.gateway.upstream.Outcome;
import dev.slipway.gateway.upstream.Services;
import dev.slipway.tracking.v1.GetMetricHistoryRequest;
import dev.slipway.tracking.v1.MetricBuckets;
import dev.slipway.tracking.v1.MetricColumns;
import dev.slipway.tracking.v1.MetricSeries;
import dev.slipway.tracking.v1.QueryMetricsRequest;
import dev.slipway.tracking.v1.QueryMetricsResponse;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeSet;

/** Answers what charts ask: the points of one metric of many runs. Thread-safe. */
final class BulkHistoryEndpoints implements MlflowFamily {
  private static final int MAX_RUNS = 100;
  private static final int MAX_POINTS = 25_000;
  private static final int MAX_SAMPLED_POINTS = 2_500;
  private static final String BULK = "GetMetricHistoryBulk request ";

  private final Services services;

  BulkHistoryEndpoints(Services services) {
    this.services = services;
  }

  @Override
  public List<MlflowRoute> routes() {
    return List.of(
        MlflowRoute.get("metrics/get-history-bulk", this::getHistories).forBrowsers(),
        MlflowRoute.get("metrics/get-history-bulk-interval", this::sample));
  }

  /**
   * Answers the points of runs, in order of run, and of time as far as a run's points fit the
   * answer; cut off at the number asked for. Runs that do not exist have none.
   */
  private Answer getHistories(Fields request) {
    TreeSet<String> runs = new TreeSet<>(request.texts("run_id"));
    if (runs.isEmpty()) {
      throw MlflowException.refused(BULK + "must specify at least one run_id.");
    }
    if (runs.size() > MAX_RUNS) {
      throw MlflowException.refused(
          BULK
              + "cannot specify more than "
              + MAX_RUNS
              + " run_ids. Received "
              + runs.size()
              + ".");
    }
    String key = request.text("metric_key");
    if (key.isEmpty()) {
      throw MlflowException.refused(BULK + "must specify a metric_key.");
    }
    int most =
        Math.min(
            request.findInt("max_results", 1, Integer.MAX_VALUE).orElse(MAX_POINTS), MAX_POINTS);
    List<MetricPoint> points = new ArrayList<>();
    for (String run : runs) {
      if (points.size() < most) {
        points.addAll(
            MetricPoint.byTime(
                run,
                page(
                    GetMetricHistoryRequest.newBuilder()
                        .setRunId(run)
                        .setMetricKey(key)
                        .setPageSize(most - points.size())
                        .build())));
      }
    }
    return answer(key, points);
  }

  /** Returns the first points of a history; none of a run that does not exist. */
  private MetricColumns page(GetMetricHistoryRequest call) {
    try {
      return services.tracking().getMetricHistory(call).getPoints();
    } catch (StatusRuntimeException e) {
      Outcome outcome = Outcome.of(e);
      if (outcome.reason().equals("RUN_NOT_FOUND")) {
        return MetricColumns.getDefaultInstance();
      }
      throw e;
    }
  }

  /**
   * Answers at most as many points of all runs together as asked for, chosen by place in each run's
   * own history: its first, and the last of each of equally wide intervals of steps. A history that
   * has no more points than its share comes whole.
   */
  private Answer sample(Fields request) {
    List<String> runs = request.texts("run_ids").stream().distinct().toList();
    if (runs.isEmpty()) {
      throw MlflowException.missing("run_ids");
    }
    if (runs.size() > MAX_RUNS) {
      throw MlflowException.invalidValue(
          "run_ids", request.shownAt("run_ids"), "must be at most " + MAX_RUNS + " runs");
    }
    String key = request.requiredText("metric_key");
    int share =
        request.findInt("max_results", 1, MAX_SAMPLED_POINTS).orElse(MAX_SAMPLED_POINTS)
            / runs.size();
    OptionalLong start = request.findLong("start_step");
    OptionalLong end = request.findLong("end_step");
    if (start.isPresent() != end.isPresent()) {
      throw MlflowException.refused(
          "If either start_step or end_step are specified, both must be specified.");
    }
    if (start.isPresent() && start.getAsLong() > end.getAsLong()) {
      throw MlflowException.refused(
          "end_step must be greater than start_step. Found start_step=%d and end_step=%d."
              .formatted(start.getAsLong(), end.getAsLong()));
    }
    QueryMetricsRequest.Builder query =
        QueryMetricsRequest.newBuilder()
            .addAllRunIds(runs)
            .addMetricKeys(key)
            .setBuckets(Math.max(1, share - 1));
    start.ifPresent(query::setMinX);
    end.ifPresent(query::setMaxX);
    Map<String, List<MetricPoint>> samples = new HashMap<>();
    Iterator<QueryMetricsResponse> series = services.tracking().queryMetrics(query.build());
    while (series.hasNext()) {
      MetricSeries next = series.next().getSeries();
      samples.put(next.getRunId(), sample(next, Math.max(1, share), start, end));
    }
    return answer(
        key, runs.stream().flatMap(run -> samples.getOrDefault(run, List.of()).stream()).toList());
  }

  private List<MetricPoint> sample(
      MetricSeries series, int share, OptionalLong start, OptionalLong end) {
    boolean whole = series.getPointCount() <= share;
    List<MetricPoint> points = new ArrayList<>();
    boolean needed = whole ? !series.getExact() : share > 1;
    if (needed) {
      GetMetricHistoryRequest.Builder history =
          GetMetricHistoryRequest.newBuilder()
              .setRunId(series.getRunId())
              .setMetricKey(series.getMetricKey())
              .setPageSize(whole ? share : 1);
      start.ifPresent(history::setMinStep);
      end.ifPresent(history::setMaxStep);
      points.addAll(MetricPoint.byStep(series.getRunId(), page(history.build())));
      if (whole) {
        return points;
      }
    }
    MetricBuckets buckets = series.getBuckets();
    for (int i = 0; i < buckets.getLastStepCount(); i++) {
      MetricPoint last =
          new MetricPoint(
              series.getRunId(),
              buckets.getLastValue(i),
              buckets.getLastTimestampMs(i),
              buckets.getLastStep(i));
      if (!points.contains(last)) {
        points.add(last);
      }
    }
    return points;
  }

  private static Answer answer(String key, List<MetricPoint> points) {
    return json ->
        JsonWriter.list(
            json, "metrics", points, (generator, point) -> point.writeWithRunTo(generator, key));
  }
}
