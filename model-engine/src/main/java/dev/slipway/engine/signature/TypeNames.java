package dev.slipway.engine.signature;

import java.util.stream.Collectors;

/** Writes types for people: {@code Array(long)}, {@code {zip: string (required)}}. */
final class TypeNames {
  private TypeNames() {}

  static String of(ColumnType type) {
    if (type instanceof ScalarType scalar) {
      return scalar.mlflowName();
    }
    if (type instanceof ColumnType.ArrayType array) {
      return "Array(" + of(array.items()) + ")";
    }
    if (type instanceof ColumnType.MapType map) {
      return "Map(" + of(map.values()) + ")";
    }
    if (type instanceof ColumnType.ObjectType object) {
      return object.properties().stream()
          .map(
              property ->
                  property.name()
                      + ": "
                      + of(property.type())
                      + (property.required() ? " (required)" : " (optional)"))
          .collect(Collectors.joining(", ", "{", "}"));
    }
    return type instanceof ColumnType.AnyType ? "any" : "sparkml_vector";
  }
}
