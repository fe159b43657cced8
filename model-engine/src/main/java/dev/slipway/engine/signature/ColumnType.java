package dev.slipway.engine.signature;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The type of a column or parameter in MLflow's schema language: a scalar, or one of its nested
 * types.
 */
public sealed interface ColumnType
    permits ColumnType.AnyType,
        ColumnType.ArrayType,
        ColumnType.MapType,
        ColumnType.ObjectType,
        ColumnType.SparkMlVector,
        ScalarType {

  /** Returns the type's members as MLflow's JSON has them, {@code type} first. */
  Map<String, Object> toJson();

  /**
   * A list of values of one type.
   *
   * @param items the type of every element
   */
  record ArrayType(ColumnType items) implements ColumnType {

    /** Checks that the type is there. */
    public ArrayType {
      Objects.requireNonNull(items, "items");
    }

    @Override
    public Map<String, Object> toJson() {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("type", "array");
      json.put("items", items.toJson());
      return json;
    }
  }

  /**
   * A map from strings to values of one type.
   *
   * @param values the type of every value
   */
  record MapType(ColumnType values) implements ColumnType {

    /** Checks that the type is there. */
    public MapType {
      Objects.requireNonNull(values, "values");
    }

    @Override
    public Map<String, Object> toJson() {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("type", "map");
      json.put("values", values.toJson());
      return json;
    }
  }

  /**
   * An object with named properties.
   *
   * @param properties sorted by name, as MLflow keeps them
   */
  record ObjectType(List<Property> properties) implements ColumnType {

    /** Sorts by name, in the order of code points as Python sorts. */
    public ObjectType {
      properties =
          properties.stream()
              .sorted(Comparator.comparing(Property::name, PythonJson::compareText))
              .toList();
    }

    @Override
    public Map<String, Object> toJson() {
      Map<String, Object> members = new LinkedHashMap<>();
      for (Property property : properties) {
        Map<String, Object> member = property.type().toJson();
        member.put("required", property.required());
        members.put(property.name(), member);
      }
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("type", "object");
      json.put("properties", members);
      return json;
    }
  }

  /**
   * One property of an object.
   *
   * @param name its key
   * @param type its type
   * @param required whether it must be there
   */
  record Property(String name, ColumnType type, boolean required) {

    /** Checks that name and type are there. */
    public Property {
      Objects.requireNonNull(name, "name");
      Objects.requireNonNull(type, "type");
    }
  }

  /** Anything at all. */
  record AnyType() implements ColumnType {

    @Override
    public Map<String, Object> toJson() {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("type", "any");
      return json;
    }
  }

  /** A vector of Spark MLlib, dense or sparse. */
  record SparkMlVector() implements ColumnType {

    @Override
    public Map<String, Object> toJson() {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("type", "sparkml_vector");
      return json;
    }
  }

  /** Reads a type from the members of a JSON object. */
  static ColumnType read(SchemaNode node) {
    SchemaNode type = node.member("type");
    String name = type.text();
    return switch (name) {
      case "array" -> new ArrayType(read(node.member("items")));
      case "map" -> new MapType(read(node.member("values")));
      case "object" -> new ObjectType(readProperties(node.member("properties")));
      case "any" -> new AnyType();
      case "sparkml_vector" -> new SparkMlVector();
      default ->
          ScalarType.find(name)
              .map(ColumnType.class::cast)
              .orElseThrow(() -> type.complaint("is the unknown type \"" + name + "\""));
    };
  }

  private static List<Property> readProperties(SchemaNode properties) {
    return properties.object().keySet().stream()
        .map(key -> (String) key)
        .map(
            name -> {
              SchemaNode property = properties.member(name);
              boolean required = property.find("required").map(SchemaNode::bool).orElse(true);
              return new Property(name, read(property), required);
            })
        .toList();
  }
}
