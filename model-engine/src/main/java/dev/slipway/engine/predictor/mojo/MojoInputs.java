package dev.slipway.engine.predictor.mojo;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.predictor.CategoryColumns;
import dev.slipway.engine.predictor.FeatureMatrix;
import dev.slipway.engine.predictor.TableInputs;
import dev.slipway.engine.signature.CheckedInputs;
import dev.slipway.engine.signature.Schema;
import dev.slipway.engine.signature.SignatureChecks;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Tensor;
import hex.genmodel.GenModel;
import hex.genmodel.easy.RowData;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * How requests carry the features of a MOJO: as {@link TableInputs} in FP64, where a factor ({@code
 * enum}) is a column of text, whole numbers or booleans.
 *
 * @param table how the columns travel
 * @param features H2O's names of the features, in the order of {@code table.modelColumns()}
 * @param categories which of the columns are factors
 */
record MojoInputs(TableInputs table, List<String> features, List<String> categories) {

  static final String ENGINE = "H2O";

  /**
   * Returns the inputs of a model.
   *
   * @throws ModelPackageException if the signature contradicts the model
   */
  static MojoInputs of(GenModel model, Optional<Schema> declared) {
    List<String> features = Arrays.asList(model.getNames()).subList(0, model.nfeatures());
    Set<Integer> factors = new HashSet<>();
    for (int i = 0; i < features.size(); i++) {
      if (model.getDomainValues(i) != null) {
        factors.add(i);
      }
    }
    TableInputs table =
        TableInputs.of(
            declared,
            new TableInputs.Features(ENGINE, DataType.FP64, features.size(), features, factors));
    List<String> categories = new ArrayList<>();
    factors.forEach(i -> categories.add(table.modelColumns().get(i)));
    CategoryColumns.check(table.checks(), categories, ENGINE);
    return new MojoInputs(table, features, categories);
  }

  SignatureChecks checks() {
    return table.checks();
  }

  /** Returns the rows of checked inputs; what is missing in a row is left out. */
  List<RowData> rows(CheckedInputs inputs) {
    int count = Math.toIntExact(inputs.rows().orElseThrow());
    List<RowData> rows = Stream.generate(RowData::new).limit(count).toList();
    if (categories.isEmpty()) {
      double[] values =
          FeatureMatrix.toDoubles(inputs, table.signatureColumns(), table.modelColumns());
      for (int i = 0; i < values.length; i++) {
        put(rows.get(i / features.size()), features.get(i % features.size()), values[i]);
      }
      return rows;
    }
    for (Tensor tensor : inputs.tensors()) {
      String feature = features.get(table.modelColumns().indexOf(tensor.name()));
      if (categories.contains(tensor.name())) {
        String[] texts = CategoryColumns.texts(tensor);
        for (int row = 0; row < count; row++) {
          rows.get(row).put(feature, texts[row]);
        }
      } else {
        ByteBuffer data = FeatureMatrix.convert(tensor, DataType.FP64).data();
        for (int row = 0; row < count; row++) {
          put(rows.get(row), feature, data.getDouble());
        }
      }
    }
    return rows;
  }

  private static void put(RowData row, String feature, double value) {
    if (!Double.isNaN(value)) {
      row.put(feature, value);
    }
  }
}
