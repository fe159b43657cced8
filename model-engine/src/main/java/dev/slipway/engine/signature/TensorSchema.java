package dev.slipway.engine.signature;

import java.util.List;

/**
 * Tensors, in order.
 *
 * @param tensors at least one; all named, each name once, or a single one without a name
 */
public record TensorSchema(List<TensorSpec> tensors) implements Schema {

  /**
   * Copies the list.
   *
   * @throws IllegalArgumentException if it is empty or its names break the rule
   */
  public TensorSchema {
    tensors = List.copyOf(tensors);
    Schema.checkNames(tensors.stream().map(TensorSpec::name).toList());
    if (tensors.size() > 1 && tensors.get(0).name().isEmpty()) {
      throw new IllegalArgumentException("has several tensors without names");
    }
  }

  /** Returns the schema of these tensors. */
  public static TensorSchema of(TensorSpec... tensors) {
    return new TensorSchema(List.of(tensors));
  }

  @Override
  public String toJson() {
    return PythonJson.write(tensors.stream().map(TensorSpec::toJson).toList());
  }
}
