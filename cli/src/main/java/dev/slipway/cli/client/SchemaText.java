package dev.slipway.cli.client;

import dev.slipway.registry.v1.ColumnSpec;
import dev.slipway.registry.v1.DataType;
import dev.slipway.registry.v1.Schema;
import dev.slipway.registry.v1.TensorSpec;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Tells people what a model takes or gives, as its signature declares it. Stateless. */
public final class SchemaText {
  private SchemaText() {}

  /** Returns a line for each column or tensor, e.g. {@code age: long (optional)}. */
  public static List<String> of(Schema schema) {
    if (schema.hasColumns()) {
      return schema.getColumns().getColumnsList().stream().map(SchemaText::column).toList();
    }
    return schema.getTensors().getTensorsList().stream().map(SchemaText::tensor).toList();
  }

  private static String tensor(TensorSpec tensor) {
    return "%s: %s %s".formatted(tensor.getName(), tensor.getDtype(), tensor.getShapeList());
  }

  private static String column(ColumnSpec column) {
    return "%s: %s%s"
        .formatted(
            column.getName(), type(column.getType()), column.getRequired() ? "" : " (optional)");
  }

  private static String type(DataType type) {
    return switch (type.getKindCase()) {
      case ARRAY -> "list of " + type(type.getArray().getItems());
      case MAP -> "map to " + type(type.getMap().getValues());
      case OBJECT ->
          type.getObject().getPropertiesList().stream()
              .map(property -> property.getName() + ": " + type(property.getType()))
              .collect(Collectors.joining(", ", "{", "}"));
      default ->
          type.getScalar()
              .name()
              .substring("SCALAR_TYPE_".length())
              .toLowerCase(Locale.ROOT)
              .replace('_', ' ');
    };
  }
}
