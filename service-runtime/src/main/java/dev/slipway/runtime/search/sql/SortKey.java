package dev.slipway.runtime.search.sql;

import dev.slipway.runtime.database.Dialect;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;

/**
 * Is one expression that a list is sorted by. It is never null: missing values are moved to the end
 * by a key of their own before it.
 *
 * @param expression the expression, with its bound values
 * @param kind what the expression gives, and how a page token carries it
 */
public record SortKey(SqlText expression, boolean descending, Kind kind) {
  /** The characters by which {@link #longText} sorts. */
  public static final int MAX_TEXT_CHARS = 250;

  /** Is what an expression gives. */
  public enum Kind {
    /** A whole number that is the same in all rows of the query; others may give any number. */
    FIXED {
      @Override
      Object parse(String text) {
        return Double.valueOf(text);
      }
    },
    /** Of type DOUBLE PRECISION. */
    NUMBER {
      @Override
      Object parse(String text) {
        return Double.valueOf(text);
      }
    },
    /** Of type BIGINT or smaller. */
    INTEGER {
      @Override
      Object parse(String text) {
        return Long.valueOf(text);
      }
    },
    /** Of type VARCHAR. */
    TEXT {
      @Override
      Object parse(String text) {
        return text;
      }
    },
    /** Of type UUID. */
    UUID {
      @Override
      Object parse(String text) {
        return java.util.UUID.fromString(text);
      }
    },
    /** Of type TIMESTAMP WITH TIME ZONE. */
    TIME {
      @Override
      Object parse(String text) {
        Instant time = Instant.parse(text);
        if (time.isBefore(Instant.EPOCH) || time.isAfter(LATEST)) {
          throw new IllegalArgumentException("no time of ours");
        }
        return time;
      }

      @Override
      String read(ResultSet rs, String column) throws SQLException {
        return rs.getObject(column, OffsetDateTime.class).toInstant().toString();
      }
    };

    private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59Z");

    /**
     * Returns the value that a page token carries as text.
     *
     * @throws RuntimeException if the text is not of this kind
     */
    abstract Object parse(String text);

    /** Returns a row's value as page tokens carry it. */
    String read(ResultSet rs, String column) throws SQLException {
      return rs.getString(column);
    }
  }

  /**
   * Stands for a key that is the same in all rows, where a list is read in parts by one query each.
   * Such keys come first in a query, and the parts follow each other as these keys ascend.
   */
  public static SortKey fixed(long value) {
    return new SortKey(new SqlText().sql(Long.toString(value)), false, Kind.FIXED);
  }

  /** Sorts by a floating-point number that is not NaN. */
  public static SortKey number(SqlText expression, boolean descending) {
    return new SortKey(expression, descending, Kind.NUMBER);
  }

  /** Sorts by a whole number. */
  public static SortKey integer(SqlText expression, boolean descending) {
    return new SortKey(expression, descending, Kind.INTEGER);
  }

  /** Sorts by a point in time. */
  public static SortKey time(SqlText expression, boolean descending) {
    return new SortKey(expression, descending, Kind.TIME);
  }

  /** Sorts by an id, ascending. */
  public static SortKey uuid(SqlText expression) {
    return new SortKey(expression, false, Kind.UUID);
  }

  /**
   * Sorts by code point, whatever the locale of the database.
   *
   * @param expression a text of at most some hundred characters, since page tokens carry it
   */
  public static SortKey text(Dialect dialect, SqlText expression, boolean descending) {
    // H2 sorts by code unit anyway and knows no such collation; PostgreSQL would sort by the locale
    // of the database.
    SqlText key = new SqlText().append(expression);
    if (dialect == Dialect.POSTGRESQL) {
      key.sql(" COLLATE \"C\"");
    }
    return new SortKey(key, descending, Kind.TEXT);
  }

  /** Sorts by the first {@value #MAX_TEXT_CHARS} characters of a text of any length. */
  public static SortKey longText(Dialect dialect, SqlText expression, boolean descending) {
    SqlText start =
        new SqlText().sql("SUBSTRING(").append(expression).sql(", 1, " + MAX_TEXT_CHARS + ")");
    return text(dialect, start, descending);
  }

  /** Sorts what lacks a value after what has it, whichever way the value itself is sorted. */
  public static SortKey missingLast(String column) {
    return integer(new SqlText().sql("CASE WHEN " + column + " IS NULL THEN 1 ELSE 0 END"), false);
  }
}
