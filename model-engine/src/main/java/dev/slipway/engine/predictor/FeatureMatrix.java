package dev.slipway.engine.predictor;

import dev.slipway.engine.signature.CheckedInputs;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.HalfFloats;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Turns the two forms of a table, one matrix or one tensor per column, into a row-major matrix of
 * floating-point numbers, which is what engines for tables compute with.
 */
public final class FeatureMatrix {

  private FeatureMatrix() {}

  /** Takes a value at a place of the matrix. */
  @FunctionalInterface
  private interface Target {
    void put(int index, double value);
  }

  /**
   * Returns {@code [rows, columns]} in row-major order. FP64 and whole numbers are rounded to the
   * nearest FP32.
   *
   * @param inputs checked: a single matrix in the order of {@code signatureColumns}, or tensors
   *     named as columns
   * @param signatureColumns the columns in the order of the signature
   * @param modelColumns the same columns in the order that the model wants; one that the request
   *     left out is NaN
   */
  public static float[] toFloats(
      CheckedInputs inputs, List<String> signatureColumns, List<String> modelColumns) {
    Tensor first = inputs.tensors().get(0);
    float[] values = new float[size(inputs, modelColumns)];
    if (isMatrix(inputs, signatureColumns)
        && first.datatype() == DataType.FP32
        && signatureColumns.equals(modelColumns)) {
      first.data().asFloatBuffer().get(values);
      return values;
    }
    Arrays.fill(values, Float.NaN);
    fill(inputs, signatureColumns, modelColumns, (index, value) -> values[index] = (float) value);
    return values;
  }

  /** Returns the same in FP64; INT64 and UINT64 are rounded to the nearest. */
  public static double[] toDoubles(
      CheckedInputs inputs, List<String> signatureColumns, List<String> modelColumns) {
    Tensor first = inputs.tensors().get(0);
    double[] values = new double[size(inputs, modelColumns)];
    if (isMatrix(inputs, signatureColumns)
        && first.datatype() == DataType.FP64
        && signatureColumns.equals(modelColumns)) {
      first.data().asDoubleBuffer().get(values);
      return values;
    }
    Arrays.fill(values, Double.NaN);
    fill(inputs, signatureColumns, modelColumns, (index, value) -> values[index] = value);
    return values;
  }

  private static int size(CheckedInputs inputs, List<String> modelColumns) {
    return Math.multiplyExact(Math.toIntExact(inputs.rows().orElseThrow()), modelColumns.size());
  }

  private static void fill(
      CheckedInputs inputs,
      List<String> signatureColumns,
      List<String> modelColumns,
      Target values) {
    int rows = Math.toIntExact(inputs.rows().orElseThrow());
    int columns = modelColumns.size();
    if (isMatrix(inputs, signatureColumns)) {
      Tensor matrix = inputs.tensors().get(0);
      int[] target = positions(signatureColumns, modelColumns);
      ByteBuffer data = matrix.data();
      for (int row = 0; row < rows; row++) {
        for (int column = 0; column < columns; column++) {
          values.put(row * columns + target[column], next(data, matrix.datatype()));
        }
      }
      return;
    }
    for (Tensor tensor : inputs.tensors()) {
      int column = modelColumns.indexOf(tensor.name());
      ByteBuffer data = tensor.data();
      for (int row = 0; row < rows; row++) {
        values.put(row * columns + column, next(data, tensor.datatype()));
      }
    }
  }

  /**
   * Returns a numeric tensor's values as FP64, FP32 or itself when it has that datatype already.
   */
  public static Tensor convert(Tensor tensor, DataType target) {
    if (tensor.datatype() == target) {
      return tensor;
    }
    int count = Math.toIntExact(tensor.elementCount());
    ByteBuffer from = tensor.data();
    ByteBuffer to =
        ByteBuffer.allocate(Math.multiplyExact(count, target.elementSizeBytes()))
            .order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      double value = next(from, tensor.datatype());
      switch (target) {
        case FP32 -> to.putFloat((float) value);
        case FP64 -> to.putDouble(value);
        default -> throw new IllegalArgumentException("cannot convert numbers to " + target);
      }
    }
    return Tensor.of(tensor.name(), target, tensor.shape(), to.flip());
  }

  /**
   * Returns the matrix as one FP64 tensor, under the conditions of {@link #toFloats} in the order
   * of the signature.
   */
  public static Tensor toDoubleTensor(
      String name, CheckedInputs inputs, List<String> signatureColumns) {
    if (isMatrix(inputs, signatureColumns)) {
      return convert(inputs.tensors().get(0), DataType.FP64).withName(name);
    }
    return Tensor.ofDoubles(
        name,
        Shape.of(inputs.rows().orElseThrow(), signatureColumns.size()),
        toDoubles(inputs, signatureColumns, signatureColumns));
  }

  /** Tells whether checked inputs are one matrix of the columns, and not a tensor for each. */
  public static boolean isMatrix(CheckedInputs inputs, List<String> columns) {
    Tensor first = inputs.tensors().get(0);
    return inputs.tensors().size() == 1
        && first.shape().rank() == 2
        && first.shape().dimension(1) == columns.size();
  }

  private static int[] positions(List<String> from, List<String> to) {
    Map<String, Integer> index = new HashMap<>();
    for (int i = 0; i < to.size(); i++) {
      index.put(to.get(i), i);
    }
    return from.stream().mapToInt(index::get).toArray();
  }

  private static double next(ByteBuffer data, DataType datatype) {
    return switch (datatype) {
      case BOOL -> data.get() != 0 ? 1 : 0;
      case INT8 -> data.get();
      case UINT8 -> Byte.toUnsignedInt(data.get());
      case INT16 -> data.getShort();
      case UINT16 -> Short.toUnsignedInt(data.getShort());
      case INT32 -> data.getInt();
      case UINT32 -> (double) Integer.toUnsignedLong(data.getInt());
      case INT64 -> (double) data.getLong();
      case UINT64 -> {
        long value = data.getLong();
        yield value >= 0 ? (double) value : (double) ((value >>> 1) | (value & 1)) * 2;
      }
      case FP16 -> HalfFloats.fp16ToFloat(data.getShort());
      case BF16 -> HalfFloats.bf16ToFloat(data.getShort());
      case FP32 -> data.getFloat();
      case FP64 -> data.getDouble();
      case BYTES -> throw new IllegalArgumentException("text is not a number");
    };
  }
}
