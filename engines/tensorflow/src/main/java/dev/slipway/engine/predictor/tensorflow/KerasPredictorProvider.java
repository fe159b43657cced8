package dev.slipway.engine.predictor.tensorflow;

import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.engine.predictor.PredictorProvider;

/**
 * Loads MLflow's {@code keras} flavor where the model is a SavedModel, as {@link
 * TensorflowPredictorProvider} does. Keras's own formats are read by Keras alone, in Python.
 */
public final class KerasPredictorProvider implements PredictorProvider {

  private final PredictorProvider tensorflow = new TensorflowPredictorProvider();

  /** Creates the provider; the native library loads with the first model. */
  public KerasPredictorProvider() {}

  @Override
  public String flavor() {
    return "keras";
  }

  @Override
  public boolean reads(ModelPackage modelPackage, Flavor flavor) {
    return tensorflow.reads(modelPackage, flavor);
  }

  @Override
  public Predictor load(ModelPackage modelPackage, Flavor flavor) {
    return tensorflow.load(modelPackage, flavor);
  }
}
