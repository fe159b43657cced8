package dev.slipway.tracking.store;

import dev.slipway.runtime.search.sql.SortKey;
import dev.slipway.runtime.search.sql.SqlText;
import java.util.List;

/** Sorts by the value of a metric: numbers, then NaN, then what lacks it, in both directions. */
final class MetricSortKeys {
  /** Is greater than every number, on both databases. */
  static final String NAN = "CAST('NaN' AS DOUBLE PRECISION)";

  /** Is the first key of what has a number. */
  static final int RANK_OF_NUMBERS = 0;

  /** Is the first key of what has no number but NaN. */
  static final int RANK_OF_NAN = 1;

  /** Is the first key of what lacks the metric. */
  static final int RANK_OF_MISSING = 2;

  private MetricSortKeys() {}

  /** Returns the keys of what has no number, all of which are alike. */
  static List<SortKey> withoutNumber(int rank) {
    return List.of(SortKey.fixed(rank), SortKey.fixed(0));
  }

  /** Adds the keys that sort by a column; it is null for what lacks the metric. */
  static void add(List<SortKey> keys, String column, boolean descending) {
    String rank =
        "CASE WHEN %s IS NULL THEN %d WHEN %s = %s THEN %d ELSE %d END"
            .formatted(column, RANK_OF_MISSING, column, NAN, RANK_OF_NAN, RANK_OF_NUMBERS);
    keys.add(SortKey.integer(new SqlText().sql(rank), false));
    String number =
        "CASE WHEN %s IS NULL OR %s = %s THEN CAST(0 AS DOUBLE PRECISION) ELSE %s END"
            .formatted(column, column, NAN, column);
    keys.add(SortKey.number(new SqlText().sql(number), descending));
  }
}
