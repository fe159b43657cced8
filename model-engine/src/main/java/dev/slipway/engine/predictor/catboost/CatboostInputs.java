package dev.slipway.engine.predictor.catboost;

import ai.catboost.CatBoostModel;
import ai.catboost.CatBoostModel.CatFeature;
import ai.catboost.CatBoostModel.Feature;
import ai.catboost.CatBoostModel.FloatFeature;
import dev.slipway.engine.error.InvalidInputException;
import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.error.UnsupportedModelException;
import dev.slipway.engine.predictor.CategoryColumns;
import dev.slipway.engine.predictor.FeatureMatrix;
import dev.slipway.engine.predictor.TableInputs;
import dev.slipway.engine.signature.CheckedInputs;
import dev.slipway.engine.signature.Schema;
import dev.slipway.engine.signature.SignatureChecks;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * How requests carry the features of a CatBoost model: as {@link TableInputs} in FP32, where a
 * categorical feature is a column of text, whole numbers or booleans. CatBoost computes with the
 * hash of the text that Python writes for it.
 */
final class CatboostInputs {

  static final String ENGINE = "CatBoost";

  private final TableInputs table;

  /** Where the columns go among CatBoost's numbers, and among its categories. */
  private final List<String> numbers;

  private final List<String> categories;

  private CatboostInputs(TableInputs table, List<String> numbers, List<String> categories) {
    this.table = table;
    this.numbers = List.copyOf(numbers);
    this.categories = List.copyOf(categories);
  }

  /**
   * Returns the inputs of a model.
   *
   * @param name the file's, for messages
   * @throws UnsupportedModelException if the model has features of text or embeddings
   * @throws ModelPackageException if the signature contradicts the model
   */
  static CatboostInputs of(CatBoostModel model, Optional<Schema> declared, String name) {
    List<Feature> features = new ArrayList<>(model.getFeatures());
    features.sort(Comparator.comparingInt(Feature::getFlatFeatureIndex));
    Set<Integer> categorical = new HashSet<>();
    // Features without names are called by their positions.
    boolean named = false;
    for (int i = 0; i < features.size(); i++) {
      Feature feature = features.get(i);
      named |= !feature.getName().equals(Integer.toString(i));
      if (feature instanceof CatFeature) {
        categorical.add(i);
      } else if (!(feature instanceof FloatFeature)) {
        throw new UnsupportedModelException(
            name
                + " has the feature "
                + feature.getName()
                + " of text or embeddings; numbers and categories are supported");
      }
    }
    List<String> names = named ? features.stream().map(Feature::getName).toList() : List.of();
    TableInputs table =
        TableInputs.of(
            declared,
            new TableInputs.Features(ENGINE, DataType.FP32, features.size(), names, categorical));
    List<String> numbers = new ArrayList<>();
    List<String> categories = new ArrayList<>();
    for (int i = 0; i < features.size(); i++) {
      (categorical.contains(i) ? categories : numbers).add(table.modelColumns().get(i));
    }
    CategoryColumns.check(table.checks(), categories, ENGINE);
    return new CatboostInputs(table, numbers, categories);
  }

  SignatureChecks checks() {
    return table.checks();
  }

  /** Returns {@code [rows][numeric features]} of checked inputs; NaN is missing. */
  float[][] numbers(CheckedInputs inputs) {
    int rows = Math.toIntExact(inputs.rows().orElseThrow());
    float[][] values = new float[rows][numbers.size()];
    if (categories.isEmpty()) {
      float[] matrix =
          FeatureMatrix.toFloats(inputs, table.signatureColumns(), table.modelColumns());
      for (int row = 0; row < rows; row++) {
        System.arraycopy(matrix, row * numbers.size(), values[row], 0, numbers.size());
      }
      return values;
    }
    for (float[] row : values) {
      Arrays.fill(row, Float.NaN);
    }
    for (Tensor tensor : inputs.tensors()) {
      int column = numbers.indexOf(tensor.name());
      if (column >= 0) {
        ByteBuffer data = FeatureMatrix.convert(tensor, DataType.FP32).data();
        for (int row = 0; row < rows; row++) {
          values[row][column] = data.getFloat();
        }
      }
    }
    return values;
  }

  /**
   * Returns {@code [rows][categorical features]} of checked inputs.
   *
   * @throws InvalidInputException if one is left out
   */
  String[][] categories(CheckedInputs inputs) {
    int rows = Math.toIntExact(inputs.rows().orElseThrow());
    String[][] values = new String[rows][categories.size()];
    int given = 0;
    for (Tensor tensor : inputs.tensors()) {
      int column = categories.indexOf(tensor.name());
      if (column >= 0) {
        given++;
        String[] texts = CategoryColumns.texts(tensor);
        for (int row = 0; row < rows; row++) {
          values[row][column] = texts[row];
        }
      }
    }
    if (given < categories.size()) {
      throw InvalidInputException.of(
          "inputs",
          "CatBoost has no missing categories: every one of " + categories + " is needed");
    }
    return values;
  }
}
