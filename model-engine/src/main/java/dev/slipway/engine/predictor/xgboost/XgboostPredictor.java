package dev.slipway.engine.predictor.xgboost;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.error.PredictionException;
import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.predictor.FeatureMatrix;
import dev.slipway.engine.predictor.NumericOutputs;
import dev.slipway.engine.predictor.TableInputs;
import dev.slipway.engine.predictor.TablePredictor;
import dev.slipway.engine.signature.CheckedInputs;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import ml.dmlc.xgboost4j.java.Booster;
import ml.dmlc.xgboost4j.java.XGBoostError;

/**
 * A booster of XGBoost. Computes in FP32, as XGBoost does; NaN is a missing value. Goes through
 * {@code inplace_predict}, which needs no matrix object and, unlike {@code predict}, takes no lock.
 */
final class XgboostPredictor extends TablePredictor {

  private static final String ENGINE = "XGBoost";

  /** The half-open range of boosting rounds; an end of 0 means all. */
  private static final int[] ALL_TREES = {0, 0};

  private final Booster booster;
  private final XgboostModelFile model;
  private final TableInputs inputs;
  private final NumericOutputs outputs;

  private XgboostPredictor(
      Booster booster, XgboostModelFile model, TableInputs inputs, NumericOutputs outputs) {
    super(model.platform(), inputs.checks(), outputs.metadata());
    this.booster = booster;
    this.model = model;
    this.inputs = inputs;
    this.outputs = outputs;
  }

  /**
   * Returns the predictor of a booster, which it owns from then on.
   *
   * @throws XGBoostError if the booster cannot predict in place, such as a linear one
   * @throws ModelPackageException if the signature contradicts the model
   */
  static XgboostPredictor of(
      Booster booster, XgboostModelFile model, Flavor flavor, Optional<ModelSignature> signature)
      throws XGBoostError {
    booster.setParam("nthread", "1");
    int features = Math.toIntExact(booster.getNumFeature());
    // XGBoost answers nulls where it knows no names.
    String[] names = booster.getFeatureNames();
    List<String> known =
        names == null || names.length == 0 || names[0] == null ? List.of() : Arrays.asList(names);
    TableInputs inputs =
        TableInputs.of(
            signature.flatMap(ModelSignature::inputs),
            new TableInputs.Features(ENGINE, DataType.FP32, features, known, Set.of()));
    // One row tells the width of the answer, and makes the engine do its lazy set-up before threads
    // share it.
    float[] row = new float[features];
    Arrays.fill(row, Float.NaN);
    int width = run(booster, model, row, 1, features)[0].length;
    boolean classifier =
        flavor.findText("model_class").filter(name -> name.endsWith("Classifier")).isPresent();
    NumericOutputs outputs =
        NumericOutputs.of(
            ENGINE, signature.flatMap(ModelSignature::outputs), DataType.FP32, width, classifier);
    return new XgboostPredictor(booster, model, inputs, outputs);
  }

  private static float[][] run(
      Booster booster, XgboostModelFile model, float[] features, int rows, int columns)
      throws XGBoostError {
    if (model.intercept().isEmpty()) {
      return booster.inplace_predict(features, rows, columns, Float.NaN);
    }
    float[][] margins =
        booster.inplace_predict(
            features, rows, columns, Float.NaN, ALL_TREES, Booster.PredictionType.kMargin, null);
    return model.intercept().get().apply(margins);
  }

  @Override
  protected List<Tensor> answer(CheckedInputs checked, List<String> wanted) {
    int rows = Math.toIntExact(checked.rows().orElseThrow());
    float[] features =
        FeatureMatrix.toFloats(checked, inputs.signatureColumns(), inputs.modelColumns());
    float[][] raw = run(features, rows);
    return outputs.tensors(rows, (row, column) -> raw[row][column], wanted);
  }

  private float[][] run(float[] features, int rows) {
    if (rows == 0) {
      return new float[0][];
    }
    try {
      float[][] raw = run(booster, model, features, rows, inputs.modelColumns().size());
      if (raw.length != rows) {
        throw new PredictionException("XGBoost answered " + raw.length + " rows for " + rows);
      }
      return raw;
    } catch (XGBoostError e) {
      throw new PredictionException("XGBoost failed: " + XgboostPredictorProvider.firstLine(e), e);
    }
  }

  @Override
  protected void free() {
    booster.dispose();
  }
}
