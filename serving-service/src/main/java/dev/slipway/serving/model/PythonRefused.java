package dev.slipway.serving.model;

import dev.slipway.engine.error.UnsupportedModelException;
import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.predictor.OptionalEngines;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.engine.predictor.PredictorProvider;

/** Stands for Python on a server that was not told to run it, and says what would change that. */
public final class PythonRefused implements PredictorProvider {
  @Override
  public String flavor() {
    return "python_function";
  }

  @Override
  public int preference() {
    return Integer.MIN_VALUE;
  }

  @Override
  public Predictor load(ModelPackage modelPackage, Flavor flavor) {
    throw new UnsupportedModelException(
        "no engine here runs it but Python, whose models this server refuses unless it is started"
            + " with --serve-python"
            + OptionalEngines.hint(modelPackage));
  }
}
