package dev.slipway.runtime.search.sql;

import java.util.ArrayList;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;

/**
 * Grows the text of a query together with the values bound to it. No value of a caller ever becomes
 * part of the text. Not thread-safe.
 */
public final class SqlText {
  private final StringBuilder text = new StringBuilder();
  private final List<Object> values = new ArrayList<>();

  /** Appends constant text. */
  public SqlText sql(String constant) {
    text.append(constant);
    return this;
  }

  /**
   * Appends constant text with one placeholder {@code ?} in it, and the value that stands there.
   */
  public SqlText sql(String constant, Object value) {
    values.add(value);
    return sql(constant);
  }

  /** Appends a placeholder for a value. */
  public SqlText bind(Object value) {
    text.append('?');
    values.add(value);
    return this;
  }

  /** Appends other text with its values. */
  public SqlText append(SqlText other) {
    text.append(other.text);
    values.addAll(other.values);
    return this;
  }

  /** Makes the query, with all values bound. */
  public Query query(Handle handle) {
    Query query = handle.createQuery(text.toString());
    for (int i = 0; i < values.size(); i++) {
      query.bind(i, values.get(i));
    }
    return query;
  }

  /** Returns the text with placeholders for the values. */
  @Override
  public String toString() {
    return text.toString();
  }
}
