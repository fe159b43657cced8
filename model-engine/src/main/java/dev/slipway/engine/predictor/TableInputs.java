package dev.slipway.engine.predictor;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.signature.ColumnSchema;
import dev.slipway.engine.signature.ColumnSpec;
import dev.slipway.engine.signature.ScalarType;
import dev.slipway.engine.signature.Schema;
import dev.slipway.engine.signature.SignatureChecks;
import dev.slipway.engine.signature.TensorSchema;
import dev.slipway.engine.signature.TensorSpec;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.TensorMetadata;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * How requests carry the features of a model for tables. Without a signature: one matrix {@code
 * [batch, features]} of any name, in the engine's precision. With a tensor signature: that one
 * tensor, of any numeric datatype, {@code [batch, features]}. With columns: as {@link
 * SignatureChecks} says; when the model knows its features' names, columns are matched by name,
 * else by order. Where some features are text, each column is a tensor of its own, also without a
 * signature.
 *
 * @param checks the check of a request
 * @param signatureColumns the columns in the order in which a matrix carries them
 * @param modelColumns those that the model takes, in its order
 */
public record TableInputs(
    SignatureChecks checks, List<String> signatureColumns, List<String> modelColumns) {

  private static final String DEFAULT_NAME = "features";

  /** Copies the lists. */
  public TableInputs {
    signatureColumns = List.copyOf(signatureColumns);
    modelColumns = List.copyOf(modelColumns);
  }

  /**
   * What a model says of its features.
   *
   * @param engine the engine's name, for messages
   * @param precision the datatype in which the engine computes: FP32 or FP64
   * @param count how many there are; at least 1
   * @param names their names in order, or empty where the model has none
   * @param textual the positions of those that a column of text may give
   * @param othersIgnored whether a signature may declare columns that the model does not take
   */
  public record Features(
      String engine,
      DataType precision,
      int count,
      List<String> names,
      Set<Integer> textual,
      boolean othersIgnored) {

    /** Describes a model whose signature declares its features and nothing else. */
    public Features(
        String engine, DataType precision, int count, List<String> names, Set<Integer> textual) {
      this(engine, precision, count, names, textual, false);
    }

    /** Copies the collections. */
    public Features {
      names = List.copyOf(names);
      textual = Set.copyOf(textual);
    }
  }

  /**
   * Returns the inputs of a model.
   *
   * @throws ModelPackageException if the signature contradicts the model
   */
  public static TableInputs of(Optional<Schema> declared, Features features) {
    int count = features.count();
    List<String> positions = IntStream.range(0, count).mapToObj(i -> "f" + i).toList();
    if (declared.isEmpty() && features.textual().isEmpty()) {
      TensorMetadata matrix =
          new TensorMetadata(DEFAULT_NAME, features.precision(), Shape.of(Shape.ANY, count));
      return new TableInputs(SignatureChecks.ofUnnamedTensor(matrix), positions, positions);
    }
    if (declared.orElse(null) instanceof TensorSchema tensors) {
      return new TableInputs(ofTensors(tensors, features), positions, positions);
    }
    ColumnSchema columns =
        declared.map(ColumnSchema.class::cast).orElseGet(() -> columns(features, positions));
    SignatureChecks checks =
        features.textual().isEmpty()
            ? SignatureChecks.ofSchema(columns, DEFAULT_NAME)
            : SignatureChecks.ofSeparateColumns(columns);
    List<String> names = checks.tensors().stream().map(TensorMetadata::name).toList();
    if (features.othersIgnored() && names.containsAll(features.names())) {
      checkText(checks, features.names(), features);
      return new TableInputs(checks, names, features.names());
    }
    if (names.size() != count) {
      throw new ModelPackageException(
          "signature.inputs declares "
              + names.size()
              + " columns, but the model has "
              + count
              + " features");
    }
    List<String> modelColumns = names;
    if (!features.names().isEmpty() && columns.columns().get(0).name().isPresent()) {
      if (!new HashSet<>(features.names()).equals(new HashSet<>(names))) {
        throw new ModelPackageException(
            "signature.inputs declares the columns "
                + names
                + ", but the model has the features "
                + features.names());
      }
      modelColumns = features.names();
    }
    checkText(checks, modelColumns, features);
    return new TableInputs(checks, names, modelColumns);
  }

  /** Returns the columns of a model that nobody described: a number may be left out. */
  private static ColumnSchema columns(Features features, List<String> positions) {
    List<String> names = features.names().isEmpty() ? positions : features.names();
    ScalarType number =
        features.precision() == DataType.FP32 ? ScalarType.FLOAT : ScalarType.DOUBLE;
    List<ColumnSpec> columns = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      boolean text = features.textual().contains(i);
      columns.add(
          new ColumnSpec(Optional.of(names.get(i)), text ? ScalarType.STRING : number, text));
    }
    return new ColumnSchema(columns);
  }

  private static void checkText(
      SignatureChecks checks, List<String> modelColumns, Features features) {
    for (TensorMetadata column : checks.tensors()) {
      int position = modelColumns.indexOf(column.name());
      if (column.datatype() == DataType.BYTES
          && position >= 0
          && !features.textual().contains(position)) {
        throw new ModelPackageException(
            "signature.inputs declares the column \""
                + column.name()
                + "\" as text, but "
                + features.engine()
                + " takes numbers there");
      }
    }
  }

  private static SignatureChecks ofTensors(TensorSchema schema, Features features) {
    if (!features.textual().isEmpty()) {
      throw new ModelPackageException(
          "signature.inputs declares tensors, but some features are text: declare columns");
    }
    if (schema.tensors().size() != 1) {
      throw new ModelPackageException(
          "signature.inputs declares "
              + schema.tensors().size()
              + " tensors, but "
              + features.engine()
              + " takes one matrix");
    }
    TensorSpec spec = schema.tensors().get(0);
    int count = features.count();
    DataType datatype = spec.datatype().filter(type -> type != DataType.BYTES).orElse(null);
    boolean width =
        spec.shape().rank() == 2
            && (spec.shape().dimension(1) == count || spec.shape().dimension(1) == Shape.ANY);
    if (datatype == null || !width) {
      throw new ModelPackageException(
          "signature.inputs declares "
              + spec.dtype()
              + " "
              + spec.shape()
              + ", but the model takes numbers [-1, "
              + count
              + "]");
    }
    Shape shape = Shape.of(spec.shape().dimension(0), count);
    TensorMetadata matrix = new TensorMetadata(spec.name().orElse(DEFAULT_NAME), datatype, shape);
    return spec.name().isPresent()
        ? SignatureChecks.ofTensors(List.of(matrix))
        : SignatureChecks.ofUnnamedTensor(matrix);
  }
}
