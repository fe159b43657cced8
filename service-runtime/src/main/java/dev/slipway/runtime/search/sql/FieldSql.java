package dev.slipway.runtime.search.sql;

import dev.slipway.runtime.search.Operator;
import java.util.List;

/**
 * Writes the clauses over one kind of object as SQL that is never unknown, only true or false.
 *
 * @param <F> the fields
 */
public interface FieldSql<F> {
  /** Appends the comparison of a field with text. */
  void compareText(SqlText out, F field, Operator operator, String text);

  /** Appends the comparison of a field with a number. */
  void compareNumber(SqlText out, F field, Operator operator, double number);

  /** Appends the lookup of a field in a list of one text or more. */
  void membership(SqlText out, F field, boolean negated, List<String> texts);

  /** Appends whether the object has a field, or, negated, lacks it. */
  void presence(SqlText out, F field, boolean negated);
}
