package dev.slipway.engine.predictor.tensorflow;

import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.engine.predictor.PredictorProvider;

/**
 * Loads MLflow's {@code tensorflow} flavor where the model is a SavedModel: {@code saved_model_dir}
 * names its folder, {@code meta_graph_tags} and {@code signature_def_key} what of it is run, by
 * default {@code serve} and {@code serving_default}. A Keras model that MLflow saved as a
 * SavedModel is found below {@code data}.
 */
public final class TensorflowPredictorProvider implements PredictorProvider {

  /** Creates the provider; the native library loads with the first model. */
  public TensorflowPredictorProvider() {}

  @Override
  public String flavor() {
    return "tensorflow";
  }

  @Override
  public boolean reads(ModelPackage modelPackage, Flavor flavor) {
    return SavedModel.find(modelPackage, flavor).isPresent();
  }

  @Override
  public Predictor load(ModelPackage modelPackage, Flavor flavor) {
    return TensorflowPredictor.load(SavedModel.get(modelPackage, flavor), modelPackage.signature());
  }
}
