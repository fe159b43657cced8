package dev.slipway.benchmarks;

import dev.slipway.runtime.database.Dialect;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Is the limit of a search: a page of runs and what hangs on them, read with prepared statements on
 * one connection and thrown away.
 */
final class BareSearch implements AutoCloseable {
  private static final int PAGE = 100;

  private final Connection connection;
  private final Dialect dialect;
  private final long experiment;
  private final Map<String, PreparedStatement> statements = new HashMap<>();
  private Key next = new Key(Long.MAX_VALUE, new UUID(0, 0));

  /** Is where a run stands in the list of all runs. */
  private record Key(long start, UUID run) {}

  BareSearch(Connection connection, Dialect dialect, long experiment) {
    this.connection = connection;
    this.dialect = dialect;
    this.experiment = experiment;
  }

  /** Reads a page and returns how many runs it has, and one more when there are more. */
  int search(SearchCase search, int number) throws SQLException {
    return read(search.bare(dialect, experiment, number), search.entries()).size();
  }

  /** Reads the page of the list of all runs that follows the one read before, or the first one. */
  int nextOfAll() throws SQLException {
    List<Key> page =
        read(SearchCase.all(dialect, experiment, next.start(), next.run()), SearchCase.ENTRIES);
    int shown = Math.min(PAGE, page.size());
    if (shown > 0) {
      next = page.get(shown - 1);
    }
    return shown;
  }

  private List<Key> read(BareSql sql, List<String> allEntries) throws SQLException {
    PreparedStatement statement = statement(sql.text());
    for (int i = 0; i < sql.values().size(); i++) {
      statement.setObject(i + 1, sql.values().get(i));
    }
    List<Key> runs = new ArrayList<>();
    try (ResultSet rows = statement.executeQuery()) {
      while (rows.next()) {
        runs.add(new Key(rows.getLong("start_time_ms"), rows.getObject("run_id", UUID.class)));
        readAll(rows);
      }
    }
    Object[] shown = runs.stream().limit(PAGE).map(Key::run).toArray();
    for (String entries : allEntries) {
      PreparedStatement entry = statement(entries);
      entry.setArray(1, connection.createArrayOf("uuid", shown));
      try (ResultSet rows = entry.executeQuery()) {
        while (rows.next()) {
          readAll(rows);
        }
      }
    }
    return runs;
  }

  private PreparedStatement statement(String text) throws SQLException {
    PreparedStatement known = statements.get(text);
    if (known == null) {
      known = connection.prepareStatement(text);
      statements.put(text, known);
    }
    return known;
  }

  private static void readAll(ResultSet rows) throws SQLException {
    int columns = rows.getMetaData().getColumnCount();
    for (int i = 1; i <= columns; i++) {
      rows.getObject(i);
    }
  }

  @Override
  public void close() throws SQLException {
    for (PreparedStatement statement : statements.values()) {
      statement.close();
    }
  }
}
