package dev.slipway.engine.predictor;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.signature.ColumnSchema;
import dev.slipway.engine.signature.Schema;
import dev.slipway.engine.signature.SignatureChecks;
import dev.slipway.engine.signature.TensorSchema;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.engine.tensor.TensorMetadata;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The form of an answer that is a row of numbers per row of input: one number for regression and
 * ranking, the probability of class 1 or the class itself, one per class for class probabilities,
 * one per target for several targets.
 *
 * <p>Without a signature the answer is the tensor {@value #DEFAULT_NAME} of shape {@code [batch]},
 * or {@code [batch, width]} where a row has several numbers; for a scikit-learn classifier it is
 * the INT64 label {@code [batch]}. A signature gives name and datatype, and its rank chooses {@code
 * [batch]} or {@code [batch, 1]} for a single number; one column per number splits the row. Where a
 * whole number {@code [batch]} is declared for several numbers per row, or by a classifier, it is
 * the label as scikit-learn's {@code predict} gives it: the class of the largest number, or 1 above
 * 0.5.
 *
 * <p>Immutable; any thread may call it.
 */
public final class NumericOutputs {

  /** The name of the answer where no signature gives one. */
  public static final String DEFAULT_NAME = "predictions";

  private static final double THRESHOLD = 0.5;

  private final List<TensorMetadata> metadata;
  private final int width;
  private final boolean label;

  /** The numbers that an engine answered. */
  @FunctionalInterface
  public interface Values {

    /** Returns one number. */
    double at(int row, int column);
  }

  private NumericOutputs(List<TensorMetadata> metadata, int width, boolean label) {
    this.metadata = List.copyOf(metadata);
    this.width = width;
    this.label = label;
  }

  /**
   * Returns the form of a model's answer.
   *
   * @param engine its name, for messages
   * @param declared what the signature says of outputs
   * @param precision the datatype of the answer where none is declared: FP32, FP64 or INT64
   * @param width the numbers per row; at least 1
   * @param classifier whether the model answers labels when nothing else is declared
   * @throws ModelPackageException if the signature contradicts the model
   */
  public static NumericOutputs of(
      String engine, Optional<Schema> declared, DataType precision, int width, boolean classifier) {
    if (declared.isEmpty()) {
      Shape shape = width == 1 || classifier ? Shape.of(Shape.ANY) : Shape.of(Shape.ANY, width);
      DataType datatype = classifier ? DataType.INT64 : precision;
      return new NumericOutputs(
          List.of(new TensorMetadata(DEFAULT_NAME, datatype, shape)), width, classifier);
    }
    List<TensorMetadata> metadata = tensors(declared.get());
    for (TensorMetadata output : metadata) {
      if (output.datatype() == DataType.BYTES
          || output.datatype() == DataType.BOOL
          || output.datatype() == DataType.FP16
          || output.datatype() == DataType.BF16) {
        throw new ModelPackageException(
            "signature.outputs declares \""
                + output.name()
                + "\" as "
                + output.datatype()
                + ", but "
                + engine
                + " answers numbers of 32 or 64 bits");
      }
    }
    if (metadata.size() > 1) {
      if (metadata.size() != width || !metadata.stream().allMatch(NumericOutputs::isVector)) {
        throw disagreement(metadata, width);
      }
      return new NumericOutputs(metadata, width, false);
    }
    TensorMetadata output = metadata.get(0);
    boolean whole = output.datatype().isInteger();
    boolean label = whole && (classifier || width > 1) && isVector(output);
    if (!label && !fits(output.shape(), width)) {
      throw disagreement(metadata, width);
    }
    return new NumericOutputs(metadata, width, label);
  }

  private static List<TensorMetadata> tensors(Schema declared) {
    SignatureChecks names = SignatureChecks.ofSchema(declared, DEFAULT_NAME);
    if (declared instanceof TensorSchema) {
      return names.tensors();
    }
    List<TensorMetadata> columns = names.tensors();
    boolean unnamedOne =
        columns.size() == 1 && ((ColumnSchema) declared).columns().get(0).name().isEmpty();
    return unnamedOne
        ? List.of(
            new TensorMetadata(DEFAULT_NAME, columns.get(0).datatype(), columns.get(0).shape()))
        : columns;
  }

  private static boolean isVector(TensorMetadata output) {
    return output.shape().rank() == 1
        || (output.shape().rank() == 2 && output.shape().dimension(1) == 1);
  }

  private static boolean fits(Shape shape, int width) {
    if (shape.rank() == 1) {
      return width == 1;
    }
    return shape.rank() == 2 && (shape.dimension(1) == width || shape.dimension(1) == Shape.ANY);
  }

  private static ModelPackageException disagreement(List<TensorMetadata> metadata, int width) {
    return new ModelPackageException(
        "signature.outputs declares "
            + metadata
            + ", but the model answers "
            + width
            + " numbers per row");
  }

  /** Returns what the model answers, in order. */
  public List<TensorMetadata> metadata() {
    return metadata;
  }

  /** Returns the wanted tensors, which {@link #metadata} knows, of so many rows. */
  public List<Tensor> tensors(int rows, Values values, List<String> wanted) {
    List<Tensor> tensors = new ArrayList<>(wanted.size());
    for (String name : wanted) {
      int index = 0;
      while (!metadata.get(index).name().equals(name)) {
        index++;
      }
      tensors.add(tensor(rows, values, index));
    }
    return tensors;
  }

  private Tensor tensor(int rows, Values values, int index) {
    TensorMetadata output = metadata.get(index);
    int perRow = label || metadata.size() > 1 ? 1 : width;
    ByteBuffer buffer =
        ByteBuffer.allocate(
                Math.multiplyExact(
                    Math.multiplyExact(rows, perRow), output.datatype().elementSizeBytes()))
            .order(ByteOrder.LITTLE_ENDIAN);
    for (int row = 0; row < rows; row++) {
      if (label) {
        put(buffer, output.datatype(), labelOf(values, row));
      } else if (metadata.size() > 1) {
        put(buffer, output.datatype(), values.at(row, index));
      } else {
        for (int column = 0; column < width; column++) {
          put(buffer, output.datatype(), values.at(row, column));
        }
      }
    }
    Shape shape = output.shape().rank() == 1 ? Shape.of(rows) : Shape.of(rows, perRow);
    return Tensor.of(output.name(), output.datatype(), shape, buffer.flip());
  }

  /** Returns the class: of several, the first with the largest number. */
  private int labelOf(Values values, int row) {
    if (width == 1) {
      return values.at(row, 0) > THRESHOLD ? 1 : 0;
    }
    int best = 0;
    for (int column = 1; column < width; column++) {
      if (values.at(row, column) > values.at(row, best)) {
        best = column;
      }
    }
    return best;
  }

  /** Appends a number in a datatype that is neither BOOL, BYTES nor of half precision. */
  static void put(ByteBuffer buffer, DataType datatype, double value) {
    switch (datatype) {
      case FP32 -> buffer.putFloat((float) value);
      case FP64 -> buffer.putDouble(value);
      case INT64, UINT64 -> buffer.putLong((long) value);
      case INT32, UINT32 -> buffer.putInt((int) value);
      case INT16, UINT16 -> buffer.putShort((short) value);
      default -> buffer.put((byte) value);
    }
  }
}
