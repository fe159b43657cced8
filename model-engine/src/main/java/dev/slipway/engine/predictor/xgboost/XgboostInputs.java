package dev.slipway.engine.predictor.xgboost;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.signature.ColumnSchema;
import dev.slipway.engine.signature.Schema;
import dev.slipway.engine.signature.SignatureChecks;
import dev.slipway.engine.signature.TensorSchema;
import dev.slipway.engine.signature.TensorSpec;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.TensorMetadata;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * How requests carry the features of a booster. Without a signature: one FP32 matrix {@code [batch,
 * features]} of any name. With a tensor signature: that one tensor, of any numeric datatype, {@code
 * [batch, features]}. With columns: as {@link SignatureChecks} says; when the booster knows its
 * features' names, columns are matched by name, else by order.
 *
 * @param checks the check of a request
 * @param signatureColumns the columns in the order in which a matrix carries them
 * @param modelColumns the same in the order of the booster
 */
record XgboostInputs(
    SignatureChecks checks, List<String> signatureColumns, List<String> modelColumns) {

  private static final String DEFAULT_NAME = "features";

  static XgboostInputs of(Optional<Schema> declared, int features, List<String> featureNames) {
    List<String> positions = IntStream.range(0, features).mapToObj(i -> "f" + i).toList();
    if (declared.isEmpty()) {
      TensorMetadata matrix =
          new TensorMetadata(DEFAULT_NAME, DataType.FP32, Shape.of(Shape.ANY, features));
      return new XgboostInputs(SignatureChecks.ofUnnamedTensor(matrix), positions, positions);
    }
    if (declared.get() instanceof TensorSchema tensors) {
      return new XgboostInputs(ofTensors(tensors, features), positions, positions);
    }
    ColumnSchema columns = (ColumnSchema) declared.get();
    SignatureChecks checks = SignatureChecks.ofSchema(columns, DEFAULT_NAME);
    checks.tensors().stream()
        .filter(column -> column.datatype() == DataType.BYTES)
        .findFirst()
        .ifPresent(
            column -> {
              throw new ModelPackageException(
                  "signature.inputs declares the column \""
                      + column.name()
                      + "\" as text, but XGBoost takes numbers");
            });
    List<String> names = checks.tensors().stream().map(TensorMetadata::name).toList();
    if (names.size() != features) {
      throw new ModelPackageException(
          "signature.inputs declares "
              + names.size()
              + " columns, but the model has "
              + features
              + " features");
    }
    if (featureNames.isEmpty() || columns.columns().get(0).name().isEmpty()) {
      return new XgboostInputs(checks, names, names);
    }
    if (!new HashSet<>(featureNames).equals(new HashSet<>(names))) {
      throw new ModelPackageException(
          "signature.inputs declares the columns "
              + names
              + ", but the model has the features "
              + featureNames);
    }
    return new XgboostInputs(checks, names, List.copyOf(featureNames));
  }

  private static SignatureChecks ofTensors(TensorSchema schema, int features) {
    if (schema.tensors().size() != 1) {
      throw new ModelPackageException(
          "signature.inputs declares "
              + schema.tensors().size()
              + " tensors, but XGBoost takes one matrix");
    }
    TensorSpec spec = schema.tensors().get(0);
    DataType datatype = spec.datatype().filter(type -> type != DataType.BYTES).orElse(null);
    boolean width =
        spec.shape().rank() == 2
            && (spec.shape().dimension(1) == features || spec.shape().dimension(1) == Shape.ANY);
    if (datatype == null || !width) {
      throw new ModelPackageException(
          "signature.inputs declares "
              + spec.dtype()
              + " "
              + spec.shape()
              + ", but the model takes numbers [-1, "
              + features
              + "]");
    }
    Shape shape = Shape.of(spec.shape().dimension(0), features);
    TensorMetadata matrix = new TensorMetadata(spec.name().orElse(DEFAULT_NAME), datatype, shape);
    return spec.name().isPresent()
        ? SignatureChecks.ofTensors(List.of(matrix))
        : SignatureChecks.ofUnnamedTensor(matrix);
  }
}
