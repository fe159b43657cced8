package dev.slipway.engine.predictor;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.error.UnsupportedModelException;
import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.ModelPackage;

/**
 * An engine that loads one flavor of packages. Found by {@link java.util.ServiceLoader}, or handed
 * to {@link Predictors} by who configured it; its constructor must be cheap, natives load with the
 * first model.
 */
public interface PredictorProvider {

  /** Returns the flavor's name as MLflow writes it: {@code onnx}. */
  String flavor();

  /**
   * Returns the rank among the engines that could load the same package; the highest is taken.
   * Engines that run a model in its own format stay at 0, those that go through another runtime
   * below.
   */
  default int preference() {
    return 0;
  }

  /**
   * Tells, by the names and first bytes of its files, whether a package holds the model in a form
   * that this engine reads. Of packages that it does not read an engine of lower preference gets
   * its turn; where there is none, {@link #load} says what is wrong.
   *
   * @param modelPackage a package with a flavor of this name
   * @throws ModelPackageException if the flavor or a file that it names is malformed
   */
  default boolean reads(ModelPackage modelPackage, Flavor flavor) {
    return true;
  }

  /**
   * Loads a model, ready to predict.
   *
   * @param modelPackage the package; its files are not needed after the call
   * @param flavor the package's flavor of this name
   * @throws ModelPackageException if the model file is missing, corrupt, or contradicts the
   *     package's signature
   * @throws UnsupportedModelException if the model uses what the engine does not have
   */
  Predictor load(ModelPackage modelPackage, Flavor flavor);
}
