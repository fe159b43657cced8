package dev.slipway.gateway.mlflow;

import dev.slipway.gateway.upstream.Outcome;
import dev.slipway.gateway.upstream.Services;
import dev.slipway.tracking.v1.GetMetricHistoryRequest;
import dev.slipway.tracking.v1.GetMetricHistoryResponse;
import dev.slipway.tracking.v1.MetricColumns;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Answers {@code metrics/...}. Thread-safe. */
final class MetricEndpoints implements MlflowFamily {
  private static final int LARGEST_SERVICE_PAGE = 100_000;

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
        GetMetricHistoryRequest.newBuilder()
            .setRunId(Entries.runId(request))
            .setMetricKey(key)
            .setPageSize(maxResults.orElse(LARGEST_SERVICE_PAGE))
            .setPageToken(request.text("page_token"));
    List<MetricColumns> pages = new ArrayList<>();
    String next;
    do {
      Optional<GetMetricHistoryResponse> page = page(call.build(), request);
      if (page.isEmpty()) {
        return Answer.EMPTY;
      }
      pages.add(page.get().getPoints());
      next = page.get().getNextPageToken();
      call.setPageToken(next);
    } while (maxResults.isEmpty() && !next.isEmpty());
    boolean whole = next.isEmpty() && pages.size() == 1 && request.text("page_token").isEmpty();
    return answer(key, pages, whole, next);
  }

  private Optional<GetMetricHistoryResponse> page(GetMetricHistoryRequest call, Fields request) {
    try {
      return Optional.of(services.tracking().getMetricHistory(call));
    } catch (StatusRuntimeException e) {
      MlflowException translated =
          ErrorTranslator.translate(Outcome.of(e), RequestNames.of(request));
      if (translated.code() == ErrorCode.RESOURCE_DOES_NOT_EXIST) {
        return Optional.empty();
      }
      throw translated;
    }
  }

  private static Answer answer(
      String key, List<MetricColumns> pages, boolean whole, String nextPageToken) {
    return json -> {
      if (pages.get(0).getValueCount() > 0) {
        json.writeArrayFieldStart("metrics");
        for (MetricColumns page : pages) {
          for (int i : whole ? byTime(page) : asTheyAre(page)) {
            TrackingJson.point(
                json, key, page.getValue(i), page.getTimestampMs(i), page.getStep(i));
          }
        }
        json.writeEndArray();
      }
      JsonWriter.nextPage(json, nextPageToken);
    };
  }

  private static int[] asTheyAre(MetricColumns page) {
    return IntStream.range(0, page.getValueCount()).toArray();
  }

  /** The sort is stable, so that equal times keep the order of step and value. */
  private static int[] byTime(MetricColumns page) {
    return IntStream.range(0, page.getValueCount())
        .boxed()
        .sorted(Comparator.comparingLong(page::getTimestampMs))
        .mapToInt(Integer::intValue)
        .toArray();
  }
}
