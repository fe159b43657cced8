package dev.slipway.engine.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Joins tensors along their first dimension and splits them again. Because the layout is row-major
 * without padding, both work on whole byte ranges, also for {@code BYTES}.
 */
public final class BatchAxis {

  private BatchAxis() {}

  /**
   * Tells whether two tensors may be joined: same name, datatype and shape, the first dimension
   * aside.
   */
  public static boolean joinable(Tensor left, Tensor right) {
    return left.name().equals(right.name())
        && left.datatype() == right.datatype()
        && left.shape().rank() > 0
        && left.shape().rank() == right.shape().rank()
        && left.shape().withRows(0).equals(right.shape().withRows(0));
  }

  /**
   * Returns the bytes that {@link #concat} will write.
   *
   * @throws ArithmeticException if they are more than one buffer can hold
   */
  public static int concatSizeBytes(List<Tensor> parts) {
    int size = 0;
    for (Tensor part : parts) {
      size = Math.addExact(size, part.sizeBytes());
    }
    return size;
  }

  /**
   * Copies the parts one after the other into the target and returns the joined tensor over the
   * bytes written. The target's position moves behind them. The result lives as long as the target.
   *
   * @param parts at least one; each pair {@linkplain #joinable joinable}
   * @param target a buffer with at least {@link #concatSizeBytes} bytes remaining
   * @throws IllegalArgumentException if the parts cannot be joined
   */
  public static Tensor concat(List<Tensor> parts, ByteBuffer target) {
    Tensor first = parts.get(0);
    long rows = 0;
    int start = target.position();
    for (Tensor part : parts) {
      if (!joinable(first, part)) {
        throw new IllegalArgumentException(
            "cannot join " + first + " and " + part + " along the batch axis");
      }
      rows += part.shape().dimension(0);
      target.put(part.data());
    }
    ByteBuffer written =
        target.slice(start, target.position() - start).order(ByteOrder.LITTLE_ENDIAN);
    return Tensor.of(first.name(), first.datatype(), first.shape().withRows(rows), written);
  }

  /**
   * Returns consecutive runs of rows as views of the batch's bytes, nothing copied: they live as
   * long as the batch.
   *
   * @param batch a tensor with at least one dimension
   * @param rows how many rows each part gets; they add up to the batch's first dimension
   * @throws IllegalArgumentException if the batch is a scalar or the rows do not add up
   */
  public static List<Tensor> split(Tensor batch, List<Integer> rows) {
    if (batch.shape().rank() == 0) {
      throw new IllegalArgumentException(
          "the scalar " + batch.name() + " has no batch axis to split");
    }
    long total = rows.stream().mapToLong(Integer::longValue).sum();
    if (total != batch.shape().dimension(0)) {
      throw new IllegalArgumentException(
          "cannot split " + batch + " into parts of " + rows + " rows: they add up to " + total);
    }
    ByteBuffer data = batch.data();
    List<Tensor> parts = new ArrayList<>(rows.size());
    int position = 0;
    for (int partRows : rows) {
      Shape shape = batch.shape().withRows(partRows);
      int size =
          batch.datatype().isFixedSize()
              ? Math.toIntExact(shape.elementCount() * batch.datatype().elementSizeBytes())
              : sizeOfElements(data, position, shape.elementCount());
      parts.add(Tensor.of(batch.name(), batch.datatype(), shape, data.slice(position, size)));
      position += size;
    }
    return parts;
  }

  private static int sizeOfElements(ByteBuffer data, int start, long elements) {
    int position = start;
    for (long i = 0; i < elements; i++) {
      position += Integer.BYTES + data.getInt(position);
    }
    return position - start;
  }
}
