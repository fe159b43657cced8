package dev.slipway.engine.predictor.xgboost;

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
 * The form of a booster's answer. XGBoost gives a row of FP32 per row of input: one number for
 * regression, ranking, {@code binary:logistic} (the probability of class 1) and {@code
 * multi:softmax} (the class), one per class for {@code multi:softprob}, one per target for
 * multi-output models.
 *
 * <p>Without a signature the answer is the FP32 tensor {@value #DEFAULT_NAME} of shape {@code
 * [batch]}, or {@code [batch, width]} where a row has several numbers; for a scikit-learn
 * classifier it is the INT64 label {@code [batch]}. A signature gives name and datatype, and its
 * rank chooses {@code [batch]} or {@code [batch, 1]} for a single number; one column per number
 * splits the row. Where a whole number {@code [batch]} is declared for several numbers per row, or
 * by a classifier, it is the label as scikit-learn's {@code predict} gives it: the class of the
 * largest number, or 1 above 0.5.
 */
final class XgboostOutputs {

  static final String DEFAULT_NAME = "predictions";

  private static final float THRESHOLD = 0.5f;

  private final List<TensorMetadata> metadata;
  private final int width;
  private final boolean label;

  private XgboostOutputs(List<TensorMetadata> metadata, int width, boolean label) {
    this.metadata = List.copyOf(metadata);
    this.width = width;
    this.label = label;
  }

  static XgboostOutputs of(Optional<Schema> declared, int width, boolean classifier) {
    if (declared.isEmpty()) {
      Shape shape = width == 1 || classifier ? Shape.of(Shape.ANY) : Shape.of(Shape.ANY, width);
      DataType datatype = classifier ? DataType.INT64 : DataType.FP32;
      return new XgboostOutputs(
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
                + ", but XGBoost answers numbers of 32 or 64 bits");
      }
    }
    if (metadata.size() > 1) {
      if (metadata.size() != width || !metadata.stream().allMatch(XgboostOutputs::isVector)) {
        throw disagreement(metadata, width);
      }
      return new XgboostOutputs(metadata, width, false);
    }
    TensorMetadata output = metadata.get(0);
    boolean whole = output.datatype().isInteger();
    boolean label = whole && (classifier || width > 1) && isVector(output);
    if (!label && !fits(output.shape(), width)) {
      throw disagreement(metadata, width);
    }
    return new XgboostOutputs(metadata, width, label);
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

  List<TensorMetadata> metadata() {
    return metadata;
  }

  /** Returns the wanted tensors of the raw rows. */
  List<Tensor> tensors(float[][] raw, List<String> wanted) {
    List<Tensor> tensors = new ArrayList<>(wanted.size());
    for (String name : wanted) {
      int index = 0;
      while (!metadata.get(index).name().equals(name)) {
        index++;
      }
      tensors.add(tensor(raw, index));
    }
    return tensors;
  }

  private Tensor tensor(float[][] raw, int index) {
    TensorMetadata output = metadata.get(index);
    int perRow = label || metadata.size() > 1 ? 1 : width;
    ByteBuffer buffer =
        ByteBuffer.allocate(
                Math.multiplyExact(
                    Math.multiplyExact(raw.length, perRow), output.datatype().elementSizeBytes()))
            .order(ByteOrder.LITTLE_ENDIAN);
    for (float[] row : raw) {
      if (label) {
        put(buffer, output.datatype(), labelOf(row));
      } else if (metadata.size() > 1) {
        put(buffer, output.datatype(), row[index]);
      } else {
        for (float value : row) {
          put(buffer, output.datatype(), value);
        }
      }
    }
    Shape shape = output.shape().rank() == 1 ? Shape.of(raw.length) : Shape.of(raw.length, perRow);
    return Tensor.of(output.name(), output.datatype(), shape, buffer.flip());
  }

  private static int labelOf(float[] row) {
    if (row.length == 1) {
      return row[0] > THRESHOLD ? 1 : 0;
    }
    return Intercept.indexOfLargest(row);
  }

  private static void put(ByteBuffer buffer, DataType datatype, float value) {
    switch (datatype) {
      case FP32 -> buffer.putFloat(value);
      case FP64 -> buffer.putDouble(value);
      case INT64, UINT64 -> buffer.putLong((long) value);
      case INT32, UINT32 -> buffer.putInt((int) value);
      case INT16, UINT16 -> buffer.putShort((short) value);
      default -> buffer.put((byte) value);
    }
  }
}
