package dev.slipway.tracking.store;

import dev.slipway.runtime.error.InvalidRequestException;
import dev.slipway.runtime.paging.PageToken;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.mapper.RowMapper;

/**
 * Reads one page of a sorted list, continuing after the sort keys of the last row seen. The keys
 * together must be unique per row. Keys come out as columns {@code k0, k1 ...} beside the row's
 * own.
 */
final class KeysetQuery {
  private final String columns;
  private final SqlText fromWhere;
  private final List<SortKey> keys;

  /**
   * Creates a query.
   *
   * @param columns the row's own columns
   * @param fromWhere the rest of the query: {@code FROM ... WHERE ...}
   */
  KeysetQuery(String columns, SqlText fromWhere, List<SortKey> keys) {
    this.columns = columns;
    this.fromWhere = fromWhere;
    this.keys = List.copyOf(keys);
  }

  /** Is a row with the text of its sort keys. */
  record Row<T>(T value, List<String> keys) {}

  <T> List<Row<T>> read(Handle handle, RowMapper<T> mapper, Optional<PageToken> after, int limit) {
    SqlText sql = new SqlText().sql("SELECT * FROM (SELECT ").sql(columns);
    for (int i = 0; i < keys.size(); i++) {
      sql.sql(", ").append(keys.get(i).expression()).sql(" AS k" + i);
    }
    sql.sql(" ").append(fromWhere).sql(") page");
    if (after.isPresent()) {
      sql.sql(" WHERE ");
      continueAfter(sql, values(after.get()), 0);
    }
    sql.sql(" ORDER BY ");
    for (int i = 0; i < keys.size(); i++) {
      sql.sql(i == 0 ? "k" + i : ", k" + i).sql(keys.get(i).descending() ? " DESC" : " ASC");
    }
    sql.sql(" FETCH FIRST ").bind(limit).sql(" ROWS ONLY");
    return sql.query(handle)
        .map((rs, context) -> new Row<>(mapper.map(rs, context), keyTexts(rs)))
        .list();
  }

  private List<Object> values(PageToken token) {
    List<Object> values = new ArrayList<>();
    try {
      for (int i = 0; i < keys.size(); i++) {
        values.add(keys.get(i).parse().apply(token.keys().get(i)));
      }
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      throw InvalidRequestException.of("page_token", "is not a page token of this list");
    }
    return values;
  }

  /**
   * Writes {@code k0 > ? OR k0 = ? AND (k1 > ? OR ...)}: row-value comparison cannot mix
   * directions.
   */
  private void continueAfter(SqlText sql, List<Object> values, int i) {
    String greater = keys.get(i).descending() ? " < " : " > ";
    sql.sql("(k" + i + greater).bind(values.get(i));
    if (i + 1 < keys.size()) {
      sql.sql(" OR k" + i + " = ").bind(values.get(i)).sql(" AND ");
      continueAfter(sql, values, i + 1);
    }
    sql.sql(")");
  }

  private List<String> keyTexts(ResultSet rs) throws SQLException {
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < keys.size(); i++) {
      texts.add(rs.getString("k" + i));
    }
    return texts;
  }
}
