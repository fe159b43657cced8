package dev.slipway.engine.tensor;

import java.util.Objects;

/**
 * What a model says of one of its inputs or outputs.
 *
 * @param name the tensor's name
 * @param datatype its element type
 * @param shape its shape, -1 where any size goes; the batch dimension included
 */
public record TensorMetadata(String name, DataType datatype, Shape shape) {

  /** Checks that all parts are there. */
  public TensorMetadata {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(datatype, "datatype");
    Objects.requireNonNull(shape, "shape");
  }
}
