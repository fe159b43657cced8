package dev.slipway.runtime.search.sql;

import dev.slipway.runtime.error.InvalidRequestException;
import dev.slipway.runtime.paging.Page;
import dev.slipway.runtime.paging.PageRequest;
import dev.slipway.runtime.paging.PageToken;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.statement.StatementContext;

/**
 * Reads one page of a sorted list, continuing after the sort keys of the last row seen. The keys
 * together must be unique per row. Keys come out as columns {@code k0, k1 ...} beside the row's
 * own.
 */
public final class KeysetQuery {
  private final String columns;
  private final SqlText fromWhere;
  private final List<String> pinned;
  private final List<SortKey> keys;

  /**
   * Creates a query.
   *
   * @param columns the row's own columns
   * @param fromWhere the rest of the query: {@code FROM ... WHERE ...}; what follows is joined to
   *     its last condition by {@code AND}
   */
  public KeysetQuery(String columns, SqlText fromWhere, List<SortKey> keys) {
    this(columns, fromWhere, List.of(), keys);
  }

  /**
   * Creates a query that reads an index in its order, so that it ends with the last row of the page
   * and sorts nothing.
   *
   * @param pinned the first columns of that index, each equal to one value in all rows: H2 looks
   *     for an index that begins like the order
   */
  public KeysetQuery(String columns, SqlText fromWhere, List<String> pinned, List<SortKey> keys) {
    this.columns = columns;
    this.fromWhere = fromWhere;
    this.pinned = List.copyOf(pinned);
    this.keys = List.copyOf(keys);
  }

  /** Is a row with the text of its sort keys. */
  public record Row<T>(T value, List<String> keys) {
    /** Copies the keys. */
    public Row {
      keys = List.copyOf(keys);
    }
  }

  /**
   * Reads a page and one row more, when there is one: it says that more follow.
   *
   * @throws InvalidRequestException on {@code page_token} if its keys are none of this query
   */
  public <T> List<Row<T>> read(Handle handle, RowMapper<T> mapper, PageRequest page) {
    Optional<List<Object>> after = page.after(this::values);
    int first = fixedKeys();
    for (int i = 0; i < first && after.isPresent(); i++) {
      int side = Double.compare((Double) after.get().get(i), Double.parseDouble(fixedText(i)));
      if (side > 0) {
        return List.of();
      }
      after = side < 0 ? Optional.empty() : after;
    }
    SqlText sql = new SqlText().sql("SELECT ").sql(columns);
    for (int i = first; i < keys.size(); i++) {
      sql.sql(", ").append(keys.get(i).expression()).sql(" AS k" + i);
    }
    sql.sql(" ").append(fromWhere);
    if (after.isPresent()) {
      // Says the same as the continuation's first key, in a form that an index can begin from.
      compare(sql.sql(" AND "), first, "=", after.get());
      continueAfter(sql.sql(" AND "), after.get(), first);
    }
    sql.sql(" ORDER BY ");
    pinned.forEach(column -> sql.sql(column).sql(", "));
    for (int i = first; i < keys.size(); i++) {
      sql.sql(i == first ? "k" + i : ", k" + i).sql(keys.get(i).descending() ? " DESC" : " ASC");
    }
    sql.sql(" FETCH FIRST ").bind(page.size() + 1).sql(" ROWS ONLY");
    return sql.query(handle).map(new KeyedMapper<>(mapper)).list();
  }

  private int fixedKeys() {
    int count = 0;
    while (keys.get(count).kind() == SortKey.Kind.FIXED) {
      count++;
    }
    return count;
  }

  private String fixedText(int key) {
    return keys.get(key).expression().toString();
  }

  /**
   * Reads a page of what is loaded for its rows.
   *
   * @param load gives the items of some rows, one each and in their order
   * @throws InvalidRequestException on {@code page_token} if its keys are none of this query
   */
  public <T, U> Page<Row<U>> page(
      Handle handle, RowMapper<T> mapper, PageRequest page, Function<List<T>, List<U>> load) {
    List<Row<T>> rows = read(handle, mapper, page);
    List<Row<T>> own = rows.subList(0, Math.min(rows.size(), page.size()));
    List<U> items = load.apply(own.stream().map(Row::value).toList());
    List<Row<U>> loaded = new ArrayList<>();
    for (int i = 0; i < own.size(); i++) {
      loaded.add(new Row<>(items.get(i), own.get(i).keys()));
    }
    String next =
        own.size() < rows.size()
            ? PageToken.encode(page.fingerprint(), own.get(own.size() - 1).keys())
            : "";
    return new Page<>(loaded, next);
  }

  private List<Object> values(List<String> texts) {
    if (texts.size() != keys.size()) {
      throw new IllegalArgumentException("the token has " + texts.size() + " keys");
    }
    List<Object> values = new ArrayList<>();
    for (int i = 0; i < keys.size(); i++) {
      values.add(keys.get(i).kind().parse(texts.get(i)));
    }
    return values;
  }

  /**
   * Writes {@code k0 > ? OR k0 = ? AND (k1 > ? OR ...)}: row-value comparison cannot mix
   * directions.
   */
  private void continueAfter(SqlText sql, List<Object> values, int i) {
    compare(sql.sql("("), i, "", values);
    if (i + 1 < keys.size()) {
      sql.sql(" OR ").append(keys.get(i).expression()).sql(" = ").bind(values.get(i));
      continueAfter(sql.sql(" AND "), values, i + 1);
    }
    sql.sql(")");
  }

  private void compare(SqlText sql, int i, String orEqual, List<Object> values) {
    SortKey key = keys.get(i);
    sql.append(key.expression())
        .sql(key.descending() ? " <" : " >")
        .sql(orEqual + " ")
        .bind(values.get(i));
  }

  private final class KeyedMapper<T> implements RowMapper<Row<T>> {
    private final RowMapper<T> own;

    KeyedMapper(RowMapper<T> own) {
      this.own = own;
    }

    @Override
    public Row<T> map(ResultSet rs, StatementContext context) throws SQLException {
      List<String> texts = new ArrayList<>();
      for (int i = 0; i < keys.size(); i++) {
        SortKey.Kind kind = keys.get(i).kind();
        texts.add(kind == SortKey.Kind.FIXED ? fixedText(i) : kind.read(rs, "k" + i));
      }
      return new Row<>(own.map(rs, context), texts);
    }

    @Override
    public RowMapper<Row<T>> specialize(ResultSet rs, StatementContext context)
        throws SQLException {
      return new KeyedMapper<>(own.specialize(rs, context));
    }
  }
}
