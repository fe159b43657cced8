package dev.slipway.engine.predictor.lightgbm;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.predictor.NumericOutputs;
import dev.slipway.engine.predictor.PredictRequest;
import dev.slipway.engine.predictor.Predictions;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.engine.predictor.RequestedOutputs;
import dev.slipway.engine.signature.CheckedInputs;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.signature.SignatureChecks;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.TensorMetadata;
import java.util.List;
import java.util.Optional;

/** A booster of LightGBM. Computes in FP64, as LightGBM does; NaN is a missing value. */
final class LightgbmPredictor implements Predictor {

  private final LightgbmBooster booster;
  private final LightgbmInputs inputs;
  private final NumericOutputs outputs;
  private final int width;
  private volatile boolean closed;

  private LightgbmPredictor(
      LightgbmBooster booster, LightgbmInputs inputs, NumericOutputs outputs, int width) {
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
  public String platform() {
    return "lightgbm_text";
  }

  @Override
  public SignatureChecks inputChecks() {
    return inputs.checks();
  }

  @Override
  public List<TensorMetadata> outputs() {
    return outputs.metadata();
  }

  @Override
  public Predictions predict(PredictRequest request) {
    if (closed) {
      throw new IllegalStateException("the predictor is closed");
    }
    CheckedInputs checked = inputs.checks().check(request.inputs());
    List<String> wanted = RequestedOutputs.resolve(request, outputs.metadata());
    int rows = Math.toIntExact(checked.rows().orElseThrow());
    double[] answers = booster.predict(inputs.matrix(checked), rows);
    return new Predictions(
        outputs.tensors(rows, (row, column) -> answers[row * width + column], wanted));
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      booster.close();
    }
  }
}
