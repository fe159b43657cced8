package dev.slipway.engine.predictor;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.signature.ColumnSchema;
import dev.slipway.engine.signature.Schema;
import dev.slipway.engine.signature.SignatureChecks;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.engine.tensor.TensorMetadata;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.IntUnaryOperator;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * The form of a classifier's answer whose classes have labels: the label per row, the probability
 * of each class, or both.
 *
 * <p>Without a signature: {@value #LABELS} {@code [batch]}, in INT64, BOOL or FP64 where all labels
 * are such, else BYTES; and {@value #PROBABILITIES} {@code [batch, classes]} in FP64. With one
 * tensor or column in the signature: the labels where its datatype holds them and it is {@code
 * [batch]} or {@code [batch, 1]}; of floating point the probabilities {@code [batch, classes]}, or
 * of two classes the second one's {@code [batch]}. With one column per class: the probabilities in
 * the order of the classes; with one more before them, the label first.
 *
 * <p>Immutable; any thread may call it.
 */
public final class ClassOutputs {

  static final String LABELS = "predictions";
  static final String PROBABILITIES = "probabilities";

  private static final Pattern WHOLE = Pattern.compile("-?[0-9]{1,18}");

  /** What an output holds: the label, every probability, or that of the class from 0. */
  private static final int LABEL = -1;

  private static final int ALL = -2;

  private record Output(TensorMetadata metadata, int content) {}

  private final List<String> labels;
  private final List<Output> outputs;

  private ClassOutputs(List<String> labels, List<Output> outputs) {
    this.labels = List.copyOf(labels);
    this.outputs = List.copyOf(outputs);
  }

  /**
   * Returns the form of a model's answer.
   *
   * @param declared what the signature says of outputs
   * @param labels the classes' labels as text, in the model's order; at least one
   * @throws ModelPackageException if the signature contradicts the model
   */
  public static ClassOutputs of(Optional<Schema> declared, List<String> labels) {
    if (declared.isEmpty()) {
      return new ClassOutputs(
          labels,
          List.of(
              new Output(new TensorMetadata(LABELS, natural(labels), Shape.of(Shape.ANY)), LABEL),
              new Output(
                  new TensorMetadata(
                      PROBABILITIES, DataType.FP64, Shape.of(Shape.ANY, labels.size())),
                  ALL)));
    }
    List<TensorMetadata> metadata = tensors(declared.get());
    List<Output> outputs = new ArrayList<>();
    if (metadata.size() == 1) {
      outputs.add(new Output(metadata.get(0), content(metadata.get(0), labels)));
    } else {
      int first = metadata.size() - labels.size();
      for (int i = 0; i < metadata.size(); i++) {
        TensorMetadata column = metadata.get(i);
        boolean fits =
            (first == 0 || first == 1)
                && isVector(column.shape())
                && (i < first ? holds(column.datatype(), labels) : isFloat(column.datatype()));
        if (!fits) {
          throw disagreement(metadata, labels);
        }
        outputs.add(new Output(column, i < first ? LABEL : i - first));
      }
    }
    return new ClassOutputs(labels, outputs);
  }

  private static List<TensorMetadata> tensors(Schema declared) {
    List<TensorMetadata> tensors = SignatureChecks.ofSchema(declared, LABELS).tensors();
    boolean unnamedOne =
        declared instanceof ColumnSchema columns
            && tensors.size() == 1
            && columns.columns().get(0).name().isEmpty();
    return unnamedOne
        ? List.of(new TensorMetadata(LABELS, tensors.get(0).datatype(), tensors.get(0).shape()))
        : tensors;
  }

  private static int content(TensorMetadata output, List<String> labels) {
    Shape shape = output.shape();
    if (isFloat(output.datatype())) {
      boolean perClass =
          shape.rank() == 2
              && (shape.dimension(1) == labels.size() || shape.dimension(1) == Shape.ANY);
      if (perClass) {
        return ALL;
      }
      if (isVector(shape) && natural(labels) != DataType.FP64 && labels.size() == 2) {
        return 1;
      }
    }
    if (isVector(shape) && holds(output.datatype(), labels)) {
      return LABEL;
    }
    throw disagreement(List.of(output), labels);
  }

  private static boolean isVector(Shape shape) {
    return shape.rank() == 1 || (shape.rank() == 2 && shape.dimension(1) == 1);
  }

  private static boolean isFloat(DataType datatype) {
    return datatype == DataType.FP32 || datatype == DataType.FP64;
  }

  private static DataType natural(List<String> labels) {
    if (all(labels, label -> WHOLE.matcher(label).matches())) {
      return DataType.INT64;
    }
    if (all(labels, ClassOutputs::isBoolean)) {
      return DataType.BOOL;
    }
    return all(labels, ClassOutputs::isNumber) ? DataType.FP64 : DataType.BYTES;
  }

  private static boolean holds(DataType datatype, List<String> labels) {
    DataType natural = natural(labels);
    if (datatype == DataType.BYTES || datatype == natural) {
      return true;
    }
    boolean numbers = natural == DataType.INT64 || natural == DataType.FP64;
    return numbers
        && (isFloat(datatype)
            || (datatype.isInteger() && all(labels, label -> isWhole(number(label)))));
  }

  private static boolean all(List<String> labels, Predicate<String> test) {
    return labels.stream().allMatch(test);
  }

  private static boolean isBoolean(String label) {
    return label.equalsIgnoreCase("true") || label.equalsIgnoreCase("false");
  }

  private static boolean isNumber(String label) {
    try {
      return !Double.isNaN(number(label));
    } catch (NumberFormatException e) {
      return false;
    }
  }

  private static boolean isWhole(double value) {
    return value == Math.rint(value);
  }

  private static double number(String label) {
    return Double.parseDouble(label);
  }

  private static ModelPackageException disagreement(
      List<TensorMetadata> metadata, List<String> labels) {
    return new ModelPackageException(
        "signature.outputs declares "
            + metadata
            + ", but the model answers one of the labels "
            + labels
            + " and a probability for each");
  }

  /** Returns what the model answers, in order. */
  public List<TensorMetadata> metadata() {
    return outputs.stream().map(Output::metadata).toList();
  }

  /**
   * Returns the wanted tensors, which {@link #metadata} knows, of so many rows.
   *
   * @param classOf tells the class of a row, from 0
   * @param probabilities tells the probability of a class by row and class
   */
  public List<Tensor> tensors(
      int rows,
      IntUnaryOperator classOf,
      NumericOutputs.Values probabilities,
      List<String> wanted) {
    List<Tensor> tensors = new ArrayList<>(wanted.size());
    for (String name : wanted) {
      Output output =
          outputs.stream().filter(one -> one.metadata().name().equals(name)).findFirst().get();
      tensors.add(
          output.content() == LABEL
              ? labelTensor(output.metadata(), rows, classOf)
              : probabilityTensor(output, rows, probabilities));
    }
    return tensors;
  }

  private Tensor labelTensor(TensorMetadata metadata, int rows, IntUnaryOperator classOf) {
    Shape shape = metadata.shape().rank() == 1 ? Shape.of(rows) : Shape.of(rows, 1);
    if (metadata.datatype() == DataType.BYTES) {
      byte[][] values = new byte[rows][];
      for (int row = 0; row < rows; row++) {
        values[row] = labels.get(classOf.applyAsInt(row)).getBytes(StandardCharsets.UTF_8);
      }
      return Tensor.ofBytes(metadata.name(), shape, values);
    }
    ByteBuffer buffer = allocate(rows, metadata.datatype());
    for (int row = 0; row < rows; row++) {
      putLabel(buffer, metadata.datatype(), labels.get(classOf.applyAsInt(row)));
    }
    return Tensor.of(metadata.name(), metadata.datatype(), shape, buffer.flip());
  }

  private static void putLabel(ByteBuffer buffer, DataType datatype, String label) {
    if (datatype == DataType.BOOL) {
      buffer.put((byte) (label.toLowerCase(Locale.ROOT).equals("true") ? 1 : 0));
    } else if (WHOLE.matcher(label).matches()
        && datatype.elementSizeBytes() == Long.BYTES
        && datatype.isInteger()) {
      // Beyond 2^53 a label is not exact in floating point.
      buffer.putLong(Long.parseLong(label));
    } else {
      NumericOutputs.put(buffer, datatype, number(label));
    }
  }

  private Tensor probabilityTensor(Output output, int rows, NumericOutputs.Values probabilities) {
    TensorMetadata metadata = output.metadata();
    int first = output.content() == ALL ? 0 : output.content();
    int last = output.content() == ALL ? labels.size() - 1 : output.content();
    int perRow = last - first + 1;
    ByteBuffer buffer = allocate(Math.multiplyExact(rows, perRow), metadata.datatype());
    for (int row = 0; row < rows; row++) {
      for (int column = first; column <= last; column++) {
        NumericOutputs.put(buffer, metadata.datatype(), probabilities.at(row, column));
      }
    }
    Shape shape = metadata.shape().rank() == 1 ? Shape.of(rows) : Shape.of(rows, perRow);
    return Tensor.of(metadata.name(), metadata.datatype(), shape, buffer.flip());
  }

  private static ByteBuffer allocate(int values, DataType datatype) {
    return ByteBuffer.allocate(Math.multiplyExact(values, datatype.elementSizeBytes()))
        .order(ByteOrder.LITTLE_ENDIAN);
  }
}
