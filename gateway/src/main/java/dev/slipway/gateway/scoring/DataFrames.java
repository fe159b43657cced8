package dev.slipway.gateway.scoring;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.protobuf.ByteString;
import dev.slipway.registry.v1.ColumnSchema;
import dev.slipway.registry.v1.ColumnSpec;
import dev.slipway.registry.v1.DataType;
import dev.slipway.registry.v1.DataType.KindCase;
import dev.slipway.serving.v1.BoolValues;
import dev.slipway.serving.v1.BytesValues;
import dev.slipway.serving.v1.Column;
import dev.slipway.serving.v1.DataFrame;
import dev.slipway.serving.v1.DoubleValues;
import dev.slipway.serving.v1.FloatValues;
import dev.slipway.serving.v1.Int32Values;
import dev.slipway.serving.v1.Int64Values;
import dev.slipway.serving.v1.StringValues;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Makes data frames of tables by the columns that a signature declares. Columns are matched by name
 * or, when the signature or the table has no names, by position; those that the signature does not
 * know are left out.
 */
final class DataFrames {
  private DataFrames() {}

  /**
   * Makes a data frame.
   *
   * @throws ScoringException if a required column is missing, or a value is not of its column's
   *     type
   */
  static DataFrame of(ColumnSchema schema, Table table) {
    DataFrame.Builder frame = DataFrame.newBuilder().setRowCount(table.rowCount());
    List<ColumnSpec> specs = schema.getColumnsList();
    boolean byPosition = specs.stream().allMatch(spec -> spec.getName().isEmpty());
    if (byPosition || (table.columns().isEmpty() && table.rowCount() > 0)) {
      requireWidth(table, specs.size());
      byPosition = true;
    }
    for (int i = 0; i < specs.size(); i++) {
      ColumnSpec spec = specs.get(i);
      int column = byPosition ? i : position(table.columns(), spec, table);
      if (column >= 0) {
        frame.addColumns(column(spec, column, table));
      }
    }
    return frame.build();
  }

  /** Makes a data frame of as many rows of zeros, empty texts and the like. */
  static DataFrame blank(ColumnSchema schema, int rows) {
    Table table =
        new Table(
            "rows",
            Map.of(),
            schema.getColumnsCount(),
            0,
            rows,
            (row, column) -> blank(schema.getColumns(column).getType()),
            false);
    return of(schema, table);
  }

  private static JsonNode blank(DataType type) {
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    return switch (type.getKindCase()) {
      case ARRAY -> nodes.arrayNode();
      case OBJECT -> {
        ObjectNode record = nodes.objectNode();
        type.getObject()
            .getPropertiesList()
            .forEach(property -> record.set(property.getName(), blank(property.getType())));
        yield record;
      }
      case MAP -> nodes.objectNode();
      default ->
          switch (type.getScalar()) {
            case SCALAR_TYPE_BOOLEAN -> nodes.booleanNode(false);
            case SCALAR_TYPE_STRING, SCALAR_TYPE_BINARY -> nodes.textNode("");
            case SCALAR_TYPE_DATETIME -> nodes.textNode("1970-01-01");
            case SCALAR_TYPE_SPARKML_VECTOR -> nodes.arrayNode();
            default -> nodes.numberNode(0);
          };
    };
  }

  private static void requireWidth(Table table, int width) {
    if (table.rowCount() > 0 && table.width() != width) {
      throw new ScoringException(
          "%s has %d columns and the model takes %d".formatted(table.name(), table.width(), width));
    }
  }

  /** Returns where the table has a column, -1 when it may lack it and does. */
  private static int position(Map<String, Integer> columns, ColumnSpec spec, Table table) {
    Integer position = columns.get(spec.getName());
    if (position == null && spec.getRequired() && table.rowCount() > 0) {
      throw new ScoringException(
          "%s lacks the column %s; it has %s"
              .formatted(table.name(), spec.getName(), columns.keySet()));
    }
    return position == null ? -1 : position;
  }

  private static Column column(ColumnSpec spec, int position, Table table) {
    Column.Builder column = Column.newBuilder().setName(spec.getName());
    if (spec.getType().getKindCase() != KindCase.SCALAR) {
      StringValues.Builder json = StringValues.newBuilder();
      fill(table, position, spec, column, json::addValues, CellValues::json, "null");
      return column.setJson(json).build();
    }
    switch (spec.getType().getScalar()) {
      case SCALAR_TYPE_BOOLEAN -> {
        BoolValues.Builder values = BoolValues.newBuilder();
        fill(table, position, spec, column, values::addValues, CellValues::bool, false);
        column.setBools(values);
      }
      case SCALAR_TYPE_INTEGER -> {
        Int32Values.Builder values = Int32Values.newBuilder();
        fill(table, position, spec, column, values::addValues, CellValues::int32, 0);
        column.setInt32S(values);
      }
      case SCALAR_TYPE_LONG -> {
        Int64Values.Builder values = Int64Values.newBuilder();
        fill(table, position, spec, column, values::addValues, CellValues::int64, 0L);
        column.setInt64S(values);
      }
      case SCALAR_TYPE_FLOAT -> {
        FloatValues.Builder values = FloatValues.newBuilder();
        fill(table, position, spec, column, values::addValues, CellValues::real32, Float.NaN);
        column.setFloats(values);
      }
      case SCALAR_TYPE_DOUBLE -> {
        DoubleValues.Builder values = DoubleValues.newBuilder();
        fill(table, position, spec, column, values::addValues, CellValues::real, Double.NaN);
        column.setDoubles(values);
      }
      case SCALAR_TYPE_STRING -> {
        StringValues.Builder values = StringValues.newBuilder();
        fill(table, position, spec, column, values::addValues, CellValues::string, "");
        column.setStrings(values);
      }
      case SCALAR_TYPE_BINARY -> {
        BytesValues.Builder values = BytesValues.newBuilder();
        fill(
            table, position, spec, column, values::addValues, CellValues::binary, ByteString.EMPTY);
        column.setByteStrings(values);
      }
      case SCALAR_TYPE_DATETIME -> {
        Int64Values.Builder values = Int64Values.newBuilder();
        fill(table, position, spec, column, values::addValues, CellValues::datetimeMicros, 0L);
        column.setTimestampsMicros(values);
      }
      default -> {
        StringValues.Builder json = StringValues.newBuilder();
        fill(table, position, spec, column, json::addValues, CellValues::json, "null");
        column.setJson(json);
      }
    }
    return column.build();
  }

  /** Reads the value of a cell. */
  @FunctionalInterface
  private interface Reader<T> {
    T read(CellValues cell);
  }

  /** Reads all cells of a column; those without a value are noted, but for NaN that stands in. */
  private static <T> void fill(
      Table table,
      int position,
      ColumnSpec spec,
      Column.Builder column,
      Consumer<T> values,
      Reader<T> reader,
      T absent) {
    boolean nan = absent instanceof Number number && Double.isNaN(number.doubleValue());
    for (int row = 0; row < table.rowCount(); row++) {
      JsonNode node = table.cell(row, position);
      if (node.isNull() || node.isMissingNode()) {
        values.accept(absent);
        if (!nan) {
          column.addNullRows(row);
        }
        continue;
      }
      values.accept(
          reader.read(
              new CellValues(table.place(row, position, spec.getName()), node, table.text())));
    }
  }
}
