package dev.slipway.gateway.mlflow;

import dev.slipway.gateway.upstream.Outcome;
import dev.slipway.gateway.upstream.Services;
import dev.slipway.tracking.v1.GetMetricHistoryRequest;
import dev.slipway.tracking.v1.GetMetricHistoryResponse;
import io.grpc.StatusRuntimeException;
import java.util.List;
import java.util.Optional;

/** Answers {@code metrics/...}. Thread-safe. */
final class MetricEndpoints implements MlflowFamily {
  private final Services services;

  MetricEndpoints(Services services) {
    this.services = services;
  }

  @Override
  public List<MlflowRoute> routes() {
    return List.of(MlflowRoute.get("metrics/get-history", this::getHistory));
  }

  /**
   * Answers the points of one metric; all of them when no page size is given. A run that does not
   * exist has no points, as in MLflow. A history that fits one page comes in MLflow's order of
   * (timestamp, step, value), a longer one page by page in order of (step, timestamp, value): for
   * points logged as training goes on the two are the same.
   */
  Answer getHistory(Fields request) {
    Optional<Integer> maxResults = request.findInt("max_results", 1, Integer.MAX_VALUE);
    String key = request.requiredText("metric_key");
    GetMetricHistoryRequest.Builder call =
        GetMetricHistoryRequest.newBuilder().setRunId(Entries.runId(request)).setMetricKey(key);
    try {
      return PagedAnswer.of(
          "metrics",
          maxResults.orElse(Integer.MAX_VALUE),
          request.text("page_token"),
          (size, token) -> page(call.setPageSize(size).setPageToken(token).build()),
          (json, point) -> point.writeTo(json, key));
    } catch (StatusRuntimeException e) {
      MlflowException translated =
          ErrorTranslator.translate(Outcome.of(e), RequestNames.of(request));
      if (translated.code() == ErrorCode.RESOURCE_DOES_NOT_EXIST) {
        return Answer.EMPTY;
      }
      throw translated;
    }
  }

  private PagedAnswer.Page<MetricPoint> page(GetMetricHistoryRequest call) {
    GetMetricHistoryResponse page = services.tracking().getMetricHistory(call);
    boolean whole = call.getPageToken().isEmpty() && page.getNextPageToken().isEmpty();
    return new PagedAnswer.Page<>(
        whole
            ? MetricPoint.byTime(call.getRunId(), page.getPoints())
            : MetricPoint.byStep(call.getRunId(), page.getPoints()),
        page.getNextPageToken());
  }
}
