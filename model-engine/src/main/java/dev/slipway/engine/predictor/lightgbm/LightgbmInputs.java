package dev.slipway.engine.predictor.lightgbm;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.predictor.FeatureMatrix;
import dev.slipway.engine.predictor.TableInputs;
import dev.slipway.engine.signature.CheckedInputs;
import dev.slipway.engine.signature.ColumnSchema;
import dev.slipway.engine.signature.Schema;
import dev.slipway.engine.signature.SignatureChecks;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.TensorMetadata;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * How requests carry the features of a LightGBM model: as {@link TableInputs}, where a categorical
 * feature of a data frame takes its category, text or number. Without columns in the signature it
 * takes the category's code, as LightGBM itself does of an array.
 */
final class LightgbmInputs {

  static final String ENGINE = "LightGBM";

  /** What LightGBM calls features that were given no names. */
  private static final Pattern NO_NAME = Pattern.compile("Column_[0-9]+");

  private final TableInputs table;
  private final PandasCategories categories;

  private LightgbmInputs(TableInputs table, PandasCategories categories) {
    this.table = table;
    this.categories = categories;
  }

  static LightgbmInputs of(Optional<Schema> declared, LightgbmModelFile model, String name) {
    boolean columns = declared.filter(ColumnSchema.class::isInstance).isPresent();
    PandasCategories categories =
        columns ? PandasCategories.of(model, name) : PandasCategories.none();
    TableInputs table =
        TableInputs.of(
            declared,
            new TableInputs.Features(
                ENGINE,
                DataType.FP64,
                model.featureNames().size(),
                names(declared, model.featureNames()),
                categories.textual()));
    for (int feature : categories.textual()) {
      String column = table.modelColumns().get(feature);
      if (datatype(table.checks(), column) != DataType.BYTES) {
        throw new ModelPackageException(
            "signature.inputs declares the column \""
                + column
                + "\" as a number, but the model was trained on text there");
      }
    }
    return new LightgbmInputs(table, categories);
  }

  private static DataType datatype(SignatureChecks checks, String column) {
    return checks.tensors().stream()
        .filter(tensor -> tensor.name().equals(column))
        .map(TensorMetadata::datatype)
        .findFirst()
        .orElseThrow();
  }

  /** Returns the features' names as the signature writes them, or none where there are none. */
  private static List<String> names(Optional<Schema> declared, List<String> features) {
    if (features.stream().allMatch(feature -> NO_NAME.matcher(feature).matches())) {
      return List.of();
    }
    Map<String, String> written = new HashMap<>();
    if (declared.orElse(null) instanceof ColumnSchema columns) {
      columns.columns().stream()
          .flatMap(column -> column.name().stream())
          .forEach(name -> written.put(name.replace(' ', '_'), name));
    }
    return features.stream().map(feature -> written.getOrDefault(feature, feature)).toList();
  }

  SignatureChecks checks() {
    return table.checks();
  }

  /** Returns {@code [rows, features]} in row-major order, as LightGBM computes with it. */
  double[] matrix(CheckedInputs checked) {
    List<String> columns = table.modelColumns();
    double[] values =
        FeatureMatrix.toDoubles(
            categories.encodeTexts(checked, columns), table.signatureColumns(), columns);
    categories.encodeNumbers(values, columns.size());
    return values;
  }
}
