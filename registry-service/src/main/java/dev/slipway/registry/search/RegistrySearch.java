package dev.slipway.registry.search;

import dev.slipway.runtime.search.Filter;
import dev.slipway.runtime.search.OrderBy;
import java.util.List;
import java.util.Optional;

/**
 * Says which models or versions are wanted, and in which order.
 *
 * @param filter absent matches everything
 * @param order terms before those that the search itself appends; possibly empty
 * @param <F> the fields
 */
public record RegistrySearch<F>(Optional<Filter<F>> filter, List<OrderBy<F>> order) {
  /** Copies the list. */
  public RegistrySearch {
    order = List.copyOf(order);
  }
}
