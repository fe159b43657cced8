package dev.slipway.engine.signature;

import java.util.List;

/**
 * The columns of a table, in order.
 *
 * @param columns at least one; all named, each name once, or none named
 */
public record ColumnSchema(List<ColumnSpec> columns) implements Schema {

  /**
   * Copies the list.
   *
   * @throws IllegalArgumentException if it is empty or its names break the rule
   */
  public ColumnSchema {
    columns = List.copyOf(columns);
    Schema.checkNames(columns.stream().map(ColumnSpec::name).toList());
  }

  /** Returns the schema of these columns. */
  public static ColumnSchema of(ColumnSpec... columns) {
    return new ColumnSchema(List.of(columns));
  }

  @Override
  public String toJson() {
    return PythonJson.write(columns.stream().map(ColumnSpec::toJson).toList());
  }
}
