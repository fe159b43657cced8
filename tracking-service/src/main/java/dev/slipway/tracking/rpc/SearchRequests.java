package dev.slipway.tracking.rpc;

import dev.slipway.runtime.error.Violations;
import dev.slipway.runtime.paging.PageRequest;
import dev.slipway.runtime.search.Filter;
import dev.slipway.runtime.search.OrderBy;
import dev.slipway.runtime.search.SearchParser;
import dev.slipway.tracking.entry.EntryKey;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.metric.HistoryQuery;
import dev.slipway.tracking.metric.MetricPoint;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.search.ExperimentField;
import dev.slipway.tracking.search.ExperimentFieldRules;
import dev.slipway.tracking.search.ExperimentQuery;
import dev.slipway.tracking.search.RunField;
import dev.slipway.tracking.search.RunFieldRules;
import dev.slipway.tracking.search.RunQuery;
import dev.slipway.tracking.v1.GetMetricHistoryRequest;
import dev.slipway.tracking.v1.SearchExperimentsRequest;
import dev.slipway.tracking.v1.SearchRunsRequest;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Turns requests for lists into queries, all violations at once. */
final class SearchRequests {
  /** Is a query and the page of it that is wanted. */
  record Paged<Q>(Q query, PageRequest page) {}

  private static final int DEFAULT_PAGE = 1_000;
  private static final int MAX_PAGE = 50_000;
  private static final int DEFAULT_HISTORY_PAGE = 10_000;
  private static final int MAX_HISTORY_PAGE = 100_000;
  static final int MAX_EXPERIMENTS = 1_000;
  static final int MAX_ORDER_TERMS = 20;

  private static final SearchParser<RunField> RUNS = new SearchParser<>(new RunFieldRules());
  private static final SearchParser<ExperimentField> EXPERIMENTS =
      new SearchParser<>(new ExperimentFieldRules());

  private SearchRequests() {}

  static Paged<ExperimentQuery> searchExperiments(SearchExperimentsRequest request) {
    Violations violations = new Violations();
    ExperimentQuery query =
        new ExperimentQuery(
            filter(EXPERIMENTS, request.getFilter(), violations),
            order(EXPERIMENTS, request.getOrderByList(), violations),
            EntryRequests.view("view_type", request.getViewType(), violations));
    String fingerprint =
        String.join(
            "\n",
            "experiments",
            request.getFilter(),
            String.join("\t", request.getOrderByList()),
            query.view().name());
    PageRequest page =
        PageRequest.of(
            request.getPageSize(),
            request.getPageToken(),
            DEFAULT_PAGE,
            MAX_PAGE,
            fingerprint,
            violations);
    violations.throwIfAny();
    return new Paged<>(query, page);
  }

  static Paged<RunQuery> searchRuns(SearchRunsRequest request) {
    Violations violations = new Violations();
    List<String> ids = request.getExperimentIdsList();
    RunQuery query =
        new RunQuery(
            experimentIds(ids, MAX_EXPERIMENTS, violations),
            filter(RUNS, request.getFilter(), violations),
            order(RUNS, request.getOrderByList(), violations),
            EntryRequests.view("view_type", request.getViewType(), violations),
            EntryRequests.projection(request.getProjection(), violations));
    String fingerprint =
        String.join(
            "\n",
            "runs",
            String.join(",", new TreeSet<>(ids)),
            request.getFilter(),
            String.join("\t", request.getOrderByList()),
            query.view().name());
    PageRequest page =
        PageRequest.of(
            request.getPageSize(),
            request.getPageToken(),
            DEFAULT_PAGE,
            MAX_PAGE,
            fingerprint,
            violations);
    violations.throwIfAny();
    return new Paged<>(query, page);
  }

  static Set<ExperimentId> experimentIds(List<String> ids, int max, Violations violations) {
    EntryRequests.atLeastOne("experiment_ids", ids.size(), violations);
    EntryRequests.atMost("experiment_ids", ids.size(), max, violations);
    Set<ExperimentId> experiments = new HashSet<>();
    for (int i = 0; i < ids.size(); i++) {
      EntryRequests.experimentId("experiment_ids[" + i + "]", ids.get(i), violations)
          .ifPresent(experiments::add);
    }
    return experiments;
  }

  static Paged<HistoryQuery> metricHistory(GetMetricHistoryRequest request) {
    Violations violations = new Violations();
    Optional<RunId> run = EntryRequests.runId("run_id", request.getRunId(), violations);
    violations.required("metric_key", request.getMetricKey());
    EntryRequests.text("metric_key", request.getMetricKey(), EntryKey.MAX_CHARS, violations);
    long minStep = request.hasMinStep() ? request.getMinStep() : Long.MIN_VALUE;
    long maxStep = request.hasMaxStep() ? request.getMaxStep() : Long.MAX_VALUE;
    if (maxStep < minStep) {
      violations.add("max_step", "is " + maxStep + ", below min_step " + minStep);
    }
    PageRequest page =
        PageRequest.of(
            request.getPageSize(),
            request.getPageToken(),
            DEFAULT_HISTORY_PAGE,
            MAX_HISTORY_PAGE,
            String.join(
                "\n",
                "history",
                request.getRunId(),
                request.getMetricKey(),
                minStep + " " + maxStep),
            violations);
    Optional<MetricPoint> after =
        page.token()
            .flatMap(token -> violations.parse("page_token", token.keys(), SearchRequests::point));
    violations.throwIfAny();
    return new Paged<>(
        new HistoryQuery(run.orElseThrow(), request.getMetricKey(), minStep, maxStep, after), page);
  }

  /** Returns the page token keys of a point; {@link #point} reads them. */
  static List<String> keys(MetricPoint point) {
    return List.of(
        Long.toString(point.step()),
        Long.toString(point.timestampMillis()),
        Long.toHexString(Double.doubleToRawLongBits(point.value())));
  }

  private static MetricPoint point(List<String> keys) {
    if (keys.size() != 3) {
      throw new IllegalArgumentException("is not a page token of this list");
    }
    return new MetricPoint(
        Long.parseLong(keys.get(0)),
        Long.parseLong(keys.get(1)),
        Double.longBitsToDouble(Long.parseUnsignedLong(keys.get(2), 16)));
  }

  static <F> Optional<Filter<F>> filter(
      SearchParser<F> parser, String text, Violations violations) {
    return violations.parse("filter", text, parser::filter).flatMap(filter -> filter);
  }

  private static <F> List<OrderBy<F>> order(
      SearchParser<F> parser, List<String> terms, Violations violations) {
    EntryRequests.atMost("order_by", terms.size(), MAX_ORDER_TERMS, violations);
    List<OrderBy<F>> order = new ArrayList<>();
    Set<F> fields = new HashSet<>();
    for (int i = 0; i < Math.min(terms.size(), MAX_ORDER_TERMS); i++) {
      String field = "order_by[" + i + "]";
      Optional<OrderBy<F>> term = violations.parse(field, terms.get(i), parser::orderBy);
      if (term.isPresent()) {
        order.add(term.get());
        if (!fields.add(term.get().field())) {
          violations.add(field, "orders by a field that came before");
        }
      }
    }
    return order;
  }
}
