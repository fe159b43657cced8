package dev.slipway.gateway.scoring;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Is a table as a caller wrote it: rows of cells, each with the name of its column or, when the
 * columns have none, its position.
 *
 * @param where names the table in what is thrown; empty for one row whose number its reader tells
 * @param columns the positions of the columns by name; empty when they have no names
 * @param width number of columns
 * @param firstRow number of the first row in what is thrown, where rows come some at a time
 * @param rowCount number of rows
 * @param cells the cells; a missing or null node where there is no value
 * @param text whether cells are text that stands for values of other types, as in CSV
 */
record Table(
    String where,
    Map<String, Integer> columns,
    int width,
    long firstRow,
    int rowCount,
    Cells cells,
    boolean text) {
  /** Is how a cell is found. */
  @FunctionalInterface
  interface Cells {
    JsonNode at(int row, int column);
  }

  /**
   * Returns a table of rows that are lists.
   *
   * @param names of the columns; empty when they have none
   */
  static Table ofRows(String where, List<String> names, List<JsonNode> rows) {
    int width = names.isEmpty() && !rows.isEmpty() ? rows.get(0).size() : names.size();
    for (int i = 0; i < rows.size(); i++) {
      JsonNode row = rows.get(i);
      if (!row.isArray() || row.size() != width) {
        throw new ScoringException(
            "%s must be a list of %d values, one for each column"
                .formatted(element(where, i), width));
      }
    }
    return new Table(
        where,
        positions(where, names),
        width,
        0,
        rows.size(),
        (row, column) -> rows.get(row).get(column),
        false);
  }

  /** Returns a table of rows that are objects; what one lacks has no value there. */
  static Table ofRecords(String where, List<JsonNode> records) {
    Set<String> names = new LinkedHashSet<>();
    for (int i = 0; i < records.size(); i++) {
      if (!records.get(i).isObject()) {
        throw new ScoringException(element(where, i) + " must be an object: column to value");
      }
      records.get(i).fieldNames().forEachRemaining(names::add);
    }
    List<String> columns = List.copyOf(names);
    return new Table(
        where,
        positions(where, columns),
        columns.size(),
        0,
        records.size(),
        (row, column) -> records.get(row).path(columns.get(column)),
        false);
  }

  /** Returns a table of columns that are lists of the same length. */
  static Table ofColumns(String where, JsonNode columns) {
    List<String> names = new ArrayList<>();
    columns.fieldNames().forEachRemaining(names::add);
    int rows = names.isEmpty() ? 0 : columns.get(names.get(0)).size();
    for (String name : names) {
      JsonNode column = columns.get(name);
      if (!column.isArray() || column.size() != rows) {
        throw new ScoringException(
            "%s.%s must be a list of %d values, as long as the first column"
                .formatted(where, name, rows));
      }
    }
    return new Table(
        where,
        positions(where, names),
        names.size(),
        0,
        rows,
        (row, column) -> columns.get(names.get(column)).get(row),
        false);
  }

  /** Returns how what is thrown names the table. */
  String name() {
    return where.isEmpty() ? "the row" : where;
  }

  /**
   * Returns how what is thrown names a cell, such as {@code csv[3].age}.
   *
   * @param column name; empty when the columns have none
   */
  String place(int row, int position, String column) {
    String cell = column.isEmpty() ? "[" + position + "]" : column;
    if (where.isEmpty()) {
      return cell;
    }
    return where + "[" + (firstRow + row) + "]" + (column.isEmpty() ? "" : ".") + cell;
  }

  /** Returns the value of a cell; a missing node where the table lacks the column. */
  JsonNode cell(int row, int column) {
    return column < 0 ? MissingNode.getInstance() : cells.at(row, column);
  }

  private static String element(String where, int row) {
    return where.isEmpty() ? "the row" : where + "[" + row + "]";
  }

  private static Map<String, Integer> positions(String where, List<String> names) {
    Map<String, Integer> positions = new LinkedHashMap<>();
    for (String name : names) {
      if (positions.put(name, positions.size()) != null) {
        throw new ScoringException(where + " has the column " + name + " twice");
      }
    }
    return positions;
  }
}
