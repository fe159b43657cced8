package dev.slipway.engine.predictor.lightgbm;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.predictor.NumericOutputs;
import dev.slipway.engine.predictor.TablePredictor;
import dev.slipway.engine.signature.CheckedInputs;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/** A booster of LightGBM. Computes in FP64, as LightGBM does; NaN is a missing value. */
final class LightgbmPredictor extends TablePredictor {

  private final LightgbmBooster booster;
  private final LightgbmInputs inputs;
  private final NumericOutputs outputs;
  private final int width;

  private LightgbmPredictor(
      LightgbmBooster booster, LightgbmInputs inputs, NumericOutputs outputs, int width) {
    super("lightgbm_text", inputs.checks(), outputs.metadata());
    this.booster = booster;
    this.inputs = inputs;
    this.outputs = outputs;
    this.width = width;
  }

  /**
   * Loads a model.
   *
   * @param name the file's, for messages
   * @param classifier whether a scikit-learn classifier was saved, which answers labels
   * @throws ModelPackageException if LightGBM refuses it, or the signature contradicts it
   */
  static LightgbmPredictor load(
      LightgbmModelFile model,
      String name,
      Optional<ModelSignature> signature,
      boolean classifier) {
    LightgbmInputs inputs =
        LightgbmInputs.of(signature.flatMap(ModelSignature::inputs), model, name);
    NumericOutputs outputs =
        NumericOutputs.of(
            LightgbmInputs.ENGINE,
            signature.flatMap(ModelSignature::outputs),
            DataType.FP64,
            model.width(),
            classifier);
    return new LightgbmPredictor(LightgbmBooster.load(model, name), inputs, outputs, model.width());
  }

  @Override
  protected List<Tensor> answer(CheckedInputs checked, List<String> wanted) {
    int rows = Math.toIntExact(checked.rows().orElseThrow());
    double[] answers = booster.predict(inputs.matrix(checked), rows);
    return outputs.tensors(rows, (row, column) -> answers[row * width + column], wanted);
  }

  @Override
  protected void free() {
    booster.close();
  }
}
