package dev.slipway.runtime.search.sql;

import dev.slipway.runtime.search.Operator;
import java.util.List;

/**
 * Is a table of keyed values that hang on the searched objects, such as their tags. Asked through
 * {@code EXISTS}, so that an object without the key matches nothing, {@code !=} included.
 *
 * @param table the table, known as {@code x} to the other parts
 * @param match the condition that a row belongs to the object and has the key, which stands there
 *     as {@code ?}: {@code x.run_id = r.run_id AND x.tag_key = ?}
 * @param value the column of the value
 */
public record KeyedRows(String table, String match, String value) {
  private static final String NAN = "CAST('NaN' AS DOUBLE PRECISION)";

  /** Appends the comparison of the value with text. */
  public void compareText(SqlText out, Object key, Operator operator, String text) {
    open(out, key);
    FilterSql.compareText(out.sql(" AND "), value, operator, text);
    close(out);
  }

  /** Appends the comparison of the value with a number; a NaN matches {@code !=} alone. */
  public void compareNumber(SqlText out, Object key, Operator operator, double number) {
    open(out, key);
    out.sql(" AND " + value + " " + FilterSql.symbol(operator) + " ?", number);
    if (operator == Operator.GREATER || operator == Operator.GREATER_OR_EQUAL) {
      // Both databases take NaN for greater than every number.
      out.sql(" AND " + value + " <> " + NAN);
    }
    close(out);
  }

  /** Appends the lookup of the value in a list. */
  public void membership(SqlText out, Object key, boolean negated, List<String> texts) {
    open(out, key);
    FilterSql.inList(out.sql(" AND "), value, negated, texts);
    close(out);
  }

  /** Appends whether there is a value, or, negated, none. */
  public void presence(SqlText out, Object key, boolean negated) {
    open(out.sql(negated ? "NOT " : ""), key);
    close(out);
  }

  private void open(SqlText out, Object key) {
    out.sql("EXISTS (SELECT 1 FROM " + table + " x WHERE " + match, key);
  }

  private static void close(SqlText out) {
    // Says nothing, and keeps PostgreSQL from turning the lookup of a row into a join with the
    // whole
    // table, which it does on poor guesses of how many objects match.
    out.sql(" OFFSET 0 ROWS)");
  }
}
