package dev.slipway.registry.search;

import java.util.List;

/**
 * Says which models or versions are wanted, and in which order.
 *
 * @param order complete: no two things compare equal
 */
public record RegistrySearch(Condition filter, List<SortKey> order) {
  /** Copies the list. */
  public RegistrySearch {
    order = List.copyOf(order);
  }

  /** Is one key of an order. */
  public record SortKey(Column column, boolean ascending) {}

  /** Is what can be sorted by. */
  public enum Column {
    /** Name of the model. */
    NAME,
    /** Number of the version. */
    VERSION_NUMBER,
    /** When it was created. */
    CREATION_TIMESTAMP,
    /** When it last changed. */
    LAST_UPDATED_TIMESTAMP
  }
}
