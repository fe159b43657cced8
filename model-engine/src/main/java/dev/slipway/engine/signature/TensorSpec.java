package dev.slipway.engine.signature;

import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * One tensor of a signature.
 *
 * @param name its name; empty when it is the only tensor and any name will do
 * @param dtype NumPy's name of the element type, as MLflow writes it
 * @param shape its shape, -1 where any size goes
 */
public record TensorSpec(Optional<String> name, String dtype, Shape shape) {

  /** Checks that all parts are there. */
  public TensorSpec {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(dtype, "dtype");
    Objects.requireNonNull(shape, "shape");
  }

  /** Returns a tensor with a name. */
  public static TensorSpec of(String name, DataType datatype, Shape shape) {
    return new TensorSpec(Optional.of(name), datatype.numpyName(), shape);
  }

  /** Returns a tensor without a name. */
  public static TensorSpec unnamed(DataType datatype, Shape shape) {
    return new TensorSpec(Optional.empty(), datatype.numpyName(), shape);
  }

  /**
   * Returns the element type in a request; empty for NumPy types that no request can carry, such as
   * complex.
   */
  public Optional<DataType> datatype() {
    return DataType.findByNumpyName(dtype);
  }

  static TensorSpec read(SchemaNode node) {
    SchemaNode spec = node.member("tensor-spec");
    SchemaNode shape = spec.member("shape");
    List<Long> dimensions = shape.elements().stream().map(SchemaNode::integer).toList();
    try {
      return new TensorSpec(
          node.find("name").map(SchemaNode::text),
          spec.member("dtype").text(),
          Shape.of(dimensions));
    } catch (IllegalArgumentException e) {
      throw shape.complaint("is not a shape: " + e.getMessage());
    }
  }

  Map<String, Object> toJson() {
    Map<String, Object> spec = new LinkedHashMap<>();
    spec.put("dtype", dtype);
    spec.put("shape", shape.toList());
    Map<String, Object> json = new LinkedHashMap<>();
    name.ifPresent(text -> json.put("name", text));
    json.put("type", "tensor");
    json.put("tensor-spec", spec);
    return json;
  }
}
