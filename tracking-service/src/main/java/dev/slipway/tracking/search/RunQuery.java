package dev.slipway.tracking.search;

import dev.slipway.runtime.search.Filter;
import dev.slipway.runtime.search.OrderBy;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.lifecycle.ViewType;
import dev.slipway.tracking.run.RunProjection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Asks for runs.
 *
 * @param experiments the experiments to search
 * @param filter absent matches everything
 * @param order terms before the final {@code start_time DESC, run_id ASC}
 */
public record RunQuery(
    Set<ExperimentId> experiments,
    Optional<Filter<RunField>> filter,
    List<OrderBy<RunField>> order,
    ViewType view,
    RunProjection projection) {
  /** Copies the collections. */
  public RunQuery {
    experiments = Set.copyOf(experiments);
    order = List.copyOf(order);
  }

  /** Returns the metrics on which it depends which runs are found, or in which order. */
  public Set<String> metricKeys() {
    return Stream.concat(
            filter.stream().flatMap(Filter::fields), order.stream().map(OrderBy::field))
        .filter(RunField.Metric.class::isInstance)
        .map(field -> ((RunField.Metric) field).key())
        .collect(Collectors.toUnmodifiableSet());
  }
}
