package dev.slipway.tracking.search;

import dev.slipway.runtime.search.Filter;
import dev.slipway.runtime.search.OrderBy;
import dev.slipway.tracking.lifecycle.ViewType;
import java.util.List;
import java.util.Optional;

/**
 * Asks for experiments.
 *
 * @param filter absent matches everything
 * @param order terms; when empty, newest first
 */
public record ExperimentQuery(
    Optional<Filter<ExperimentField>> filter, List<OrderBy<ExperimentField>> order, ViewType view) {
  /** Copies the terms. */
  public ExperimentQuery {
    order = List.copyOf(order);
  }
}
