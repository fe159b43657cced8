package dev.slipway.engine.tensor;

import java.util.Arrays;
import java.util.List;

/**
 * The sizes of a tensor's dimensions, outermost first. The empty shape is a scalar of one element;
 * -1 is a size that only a request fixes and appears in signatures, never in a {@link Tensor}.
 * Immutable.
 */
public final class Shape {

  /** The size of a dimension that may have any size. */
  public static final long ANY = -1;

  /** The most dimensions that a shape may have; NumPy's limit. */
  public static final int MAX_RANK = 64;

  private final long[] dimensions;

  private Shape(long[] dimensions) {
    if (dimensions.length > MAX_RANK) {
      throw new IllegalArgumentException(
          "a shape has at most " + MAX_RANK + " dimensions, not " + dimensions.length);
    }
    for (long dimension : dimensions) {
      if (dimension < ANY) {
        throw new IllegalArgumentException(
            "a dimension is at least 0, or -1 for any size: " + Arrays.toString(dimensions));
      }
    }
    this.dimensions = dimensions;
  }

  /**
   * Returns the shape with these dimensions.
   *
   * @throws IllegalArgumentException if one is below -1 or there are more than {@link #MAX_RANK}
   */
  public static Shape of(long... dimensions) {
    return new Shape(dimensions.clone());
  }

  /** Returns the shape with these dimensions, under the conditions of {@link #of(long...)}. */
  public static Shape of(List<Long> dimensions) {
    long[] sizes = new long[dimensions.size()];
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = dimensions.get(i);
    }
    return new Shape(sizes);
  }

  /** Returns the number of dimensions. */
  public int rank() {
    return dimensions.length;
  }

  /** Returns one dimension's size. */
  public long dimension(int index) {
    return dimensions[index];
  }

  /** Returns a copy of the sizes. */
  public long[] toArray() {
    return dimensions.clone();
  }

  /** Returns the sizes as a list. */
  public List<Long> toList() {
    return Arrays.stream(dimensions).boxed().toList();
  }

  /** Tells whether no dimension is {@link #ANY}. */
  public boolean isFixed() {
    for (long dimension : dimensions) {
      if (dimension == ANY) {
        return false;
      }
    }
    return true;
  }

  /**
   * Returns the number of elements: the product of all sizes, 1 for a scalar, 0 if any size is 0.
   *
   * @throws IllegalStateException if a size is {@link #ANY}
   * @throws ArithmeticException if the product exceeds a long
   */
  public long elementCount() {
    if (!isFixed()) {
      throw new IllegalStateException("the shape " + this + " has dimensions of any size");
    }
    return productFrom(0);
  }

  /**
   * Returns the number of elements of one row: the product of all sizes but the first.
   *
   * @throws IllegalStateException if this is a scalar or one of those sizes is {@link #ANY}
   * @throws ArithmeticException if the product exceeds a long
   */
  public long elementsPerRow() {
    if (dimensions.length == 0) {
      throw new IllegalStateException("a scalar has no rows");
    }
    for (int i = 1; i < dimensions.length; i++) {
      if (dimensions[i] == ANY) {
        throw new IllegalStateException("the shape " + this + " has rows of any size");
      }
    }
    return productFrom(1);
  }

  private long productFrom(int first) {
    for (int i = first; i < dimensions.length; i++) {
      if (dimensions[i] == 0) {
        return 0;
      }
    }
    long product = 1;
    for (int i = first; i < dimensions.length; i++) {
      product = Math.multiplyExact(product, dimensions[i]);
    }
    return product;
  }

  /** Returns this shape with another first dimension. */
  public Shape withRows(long rows) {
    if (dimensions.length == 0) {
      throw new IllegalStateException("a scalar has no rows");
    }
    long[] changed = dimensions.clone();
    changed[0] = rows;
    return new Shape(changed);
  }

  /**
   * Tells whether the ranks are equal and each size of this shape is {@link #ANY} or equals the
   * other's.
   */
  public boolean accepts(Shape other) {
    if (other.dimensions.length != dimensions.length) {
      return false;
    }
    for (int i = 0; i < dimensions.length; i++) {
      if (dimensions[i] != ANY && dimensions[i] != other.dimensions[i]) {
        return false;
      }
    }
    return true;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Shape shape && Arrays.equals(dimensions, shape.dimensions);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(dimensions);
  }

  /** Returns the sizes as {@code [2, 3]}. */
  @Override
  public String toString() {
    return Arrays.toString(dimensions);
  }
}
