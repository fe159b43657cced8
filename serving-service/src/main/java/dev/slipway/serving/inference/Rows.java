package dev.slipway.serving.inference;

import dev.slipway.engine.tensor.BatchAxis;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.engine.tensor.TensorMetadata;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collections;
import java.util.List;

/** Takes tensors apart by rows and puts them together again, byte for byte. */
final class Rows {
  private Rows() {}

  /** Tells whether all have this first dimension. */
  static boolean areIn(List<Tensor> tensors, long rows) {
    return tensors.stream()
        .allMatch(tensor -> tensor.shape().rank() > 0 && tensor.shape().dimension(0) == rows);
  }

  /** Returns each row of each tensor, by tensor; views of its bytes. */
  static List<List<Tensor>> split(List<Tensor> tensors, int rows) {
    List<Integer> ones = Collections.nCopies(rows, 1);
    return tensors.stream().map(tensor -> BatchAxis.split(tensor, ones)).toList();
  }

  /** Returns some of the rows that {@link #split} gave, joined by tensor in memory of their own. */
  static List<Tensor> select(List<List<Tensor>> rows, List<Integer> selected) {
    return rows.stream()
        .map(ofTensor -> join(selected.stream().map(ofTensor::get).toList()))
        .toList();
  }

  /** Joins tensors in memory of their own; a single one is copied too. */
  static Tensor join(List<Tensor> parts) {
    ByteBuffer target =
        ByteBuffer.allocate(BatchAxis.concatSizeBytes(parts)).order(ByteOrder.LITTLE_ENDIAN);
    return BatchAxis.concat(parts, target);
  }

  /** Returns the same tensor in memory of its own. */
  static Tensor copy(Tensor tensor) {
    ByteBuffer target = ByteBuffer.allocate(tensor.sizeBytes()).put(tensor.data()).flip();
    return Tensor.of(tensor.name(), tensor.datatype(), tensor.shape(), target);
  }

  /** Returns one row of zeros, or empty texts, like the rows of a tensor. */
  static Tensor zeroLike(Tensor tensor) {
    return zeros(tensor.name(), tensor.datatype(), tensor.shape().withRows(1));
  }

  /** Returns one row of zeros, or empty texts; dimensions that are not known are empty. */
  static Tensor zero(TensorMetadata metadata) {
    long[] sizes = metadata.shape().toArray();
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = sizes[i] == Shape.ANY ? 0 : sizes[i];
    }
    sizes[0] = 1;
    return zeros(metadata.name(), metadata.datatype(), Shape.of(sizes));
  }

  private static Tensor zeros(String name, DataType datatype, Shape shape) {
    // An empty text is its length alone.
    int elementBytes = datatype == DataType.BYTES ? Integer.BYTES : datatype.elementSizeBytes();
    int bytes = Math.toIntExact(Math.multiplyExact(shape.elementCount(), (long) elementBytes));
    return Tensor.of(name, datatype, shape, ByteBuffer.allocate(bytes));
  }
}
