package dev.slipway.tracking.store;

import dev.slipway.tracking.search.Operator;
import java.util.List;

/**
 * Writes the clauses and sort terms of one kind of object as SQL that is never unknown, only true
 * or false.
 */
interface FieldSql<F> {
  void compareText(SqlText out, F field, Operator operator, String text);

  void compareNumber(SqlText out, F field, Operator operator, double number);

  void membership(SqlText out, F field, boolean negated, List<String> texts);

  void presence(SqlText out, F field, boolean negated);
}
