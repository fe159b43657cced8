package dev.slipway.tracking.store;

import java.util.ArrayList;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Query;

/**
 * Grows the text of a query together with the values bound to it. No value of a caller ever becomes
 * part of the text. Not thread-safe.
 */
final class SqlText {
  private final StringBuilder text = new StringBuilder();
  private final List<Object> values = new ArrayList<>();

  /** Appends constant text. */
  SqlText sql(String constant) {
    text.append(constant);
    return this;
  }

  /** Appends a placeholder for a value. */
  SqlText bind(Object value) {
    text.append('?');
    values.add(value);
    return this;
  }

  /** Appends other text with its values. */
  SqlText append(SqlText other) {
    text.append(other.text);
    values.addAll(other.values);
    return this;
  }

  Query query(Handle handle) {
    Query query = handle.createQuery(text.toString());
    for (int i = 0; i < values.size(); i++) {
      query.bind(i, values.get(i));
    }
    return query;
  }

  @Override
  public String toString() {
    return text.toString();
  }
}
