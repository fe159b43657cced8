package dev.slipway.tracking.search;

import dev.slipway.runtime.search.Filter;
import dev.slipway.tracking.dataset.DatasetSelector;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.model.LoggedModelProjection;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Asks for active logged models.
 *
 * @param experiments the experiments to search
 * @param filter absent matches everything
 * @param datasets when there are any, the only ones whose values metric clauses look at
 * @param order terms before the final {@code creation_timestamp DESC, model_id ASC}
 * @param projection what of each model is read
 */
public record LoggedModelQuery(
    Set<ExperimentId> experiments,
    Optional<Filter<LoggedModelField>> filter,
    List<DatasetSelector> datasets,
    List<LoggedModelOrder> order,
    LoggedModelProjection projection) {
  /** Copies the collections. */
  public LoggedModelQuery {
    experiments = Set.copyOf(experiments);
    datasets = List.copyOf(datasets);
    order = List.copyOf(order);
  }

  /**
   * Returns whether a model must have some metric on one of the datasets: no clause of the filter
   * looks at them.
   */
  public boolean needsMetricOnDatasets() {
    boolean metricClause =
        filter
            .map(tree -> tree.fields().anyMatch(LoggedModelField.Metric.class::isInstance))
            .orElse(false);
    return !datasets.isEmpty() && !metricClause;
  }
}
