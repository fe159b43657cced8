package dev.slipway.tracking.store;

import java.util.UUID;
import java.util.function.Function;

/**
 * Is one expression that a list is sorted by. It is never null: missing values are moved to the end
 * by a key of their own before it.
 *
 * @param expression the expression, with its bound values
 * @param parse reads the key's value back from a page token
 */
record SortKey(SqlText expression, boolean descending, Function<String, Object> parse) {
  static SortKey number(SqlText expression, boolean descending) {
    return new SortKey(expression, descending, Double::valueOf);
  }

  static SortKey integer(SqlText expression, boolean descending) {
    return new SortKey(expression, descending, Long::valueOf);
  }

  static SortKey text(SqlText expression, boolean descending) {
    return new SortKey(expression, descending, text -> text);
  }

  static SortKey uuid(SqlText expression) {
    return new SortKey(expression, false, UUID::fromString);
  }
}
