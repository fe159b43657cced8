package dev.slipway.engine.signature;

import dev.slipway.engine.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A parameter that a request may carry beside its tensors.
 *
 * @param name its name
 * @param type a scalar or an object
 * @param defaultValue what holds when a request leaves it out: Boolean, Long, BigInteger, Double,
 *     String, a list of them or a map; empty for null
 * @param shape empty for a single value, {@code [-1]} for a list
 */
public record ParamSpec(
    String name, ColumnType type, Optional<Object> defaultValue, Optional<Shape> shape) {

  /** Checks that all parts are there. */
  public ParamSpec {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(type, "type");
    Objects.requireNonNull(defaultValue, "defaultValue");
    Objects.requireNonNull(shape, "shape");
  }

  /** Returns a parameter of a single value. */
  public static ParamSpec of(String name, ScalarType type, Object defaultValue) {
    Object value =
        defaultValue instanceof Integer number ? (Object) number.longValue() : defaultValue;
    return new ParamSpec(name, type, Optional.ofNullable(value), Optional.empty());
  }

  static ParamSpec read(SchemaNode node) {
    Optional<SchemaNode> shape = node.find("shape");
    List<Long> dimensions =
        shape
            .map(found -> found.elements().stream().map(SchemaNode::integer).toList())
            .orElse(List.of());
    try {
      return new ParamSpec(
          node.member("name").text(),
          ColumnType.read(node),
          node.find("default").map(SchemaNode::value),
          shape.map(found -> Shape.of(dimensions)));
    } catch (IllegalArgumentException e) {
      throw node.complaint("has no proper shape: " + e.getMessage());
    }
  }

  Map<String, Object> toJson() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("name", name);
    json.put("default", defaultValue.orElse(null));
    json.put("shape", shape.map(Shape::toList).orElse(null));
    json.putAll(type.toJson());
    return json;
  }
}
