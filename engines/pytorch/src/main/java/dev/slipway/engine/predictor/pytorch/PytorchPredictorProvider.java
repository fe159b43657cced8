package dev.slipway.engine.predictor.pytorch;

import ai.djl.engine.EngineException;
import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.error.UnsupportedModelException;
import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.engine.predictor.PredictorProvider;
import java.nio.file.Files;

/**
 * Loads MLflow's {@code pytorch} flavor where the model is TorchScript: {@code model_data} names
 * the folder in which {@value #MODEL} is. A module that MLflow pickled is code, which only Python
 * runs.
 */
public final class PytorchPredictorProvider implements PredictorProvider {

  private static final String MODEL = "model.pth";

  /** Creates the provider; the native library loads with the first model. */
  public PytorchPredictorProvider() {}

  @Override
  public String flavor() {
    return "pytorch";
  }

  @Override
  public boolean reads(ModelPackage modelPackage, Flavor flavor) {
    String model = model(flavor);
    return Files.exists(modelPackage.root().resolve(model))
        && TorchScriptFile.isTorchScript(modelPackage.file(model));
  }

  @Override
  public Predictor load(ModelPackage modelPackage, Flavor flavor) {
    String model = model(flavor);
    if (!Files.exists(modelPackage.root().resolve(model))
        && Files.exists(modelPackage.root().resolve(flavor.text("model_data") + "/model.pt2"))) {
      throw onlyPython("is an exported program (pt2)");
    }
    TorchScriptFile file = TorchScriptFile.check(modelPackage.file(model), model);
    if (!file.isTorchScript()) {
      throw onlyPython("is pickled Python");
    }
    TorchSignature signature = TorchSignature.of(modelPackage.signature());
    LibTorch.start();
    try {
      return PytorchPredictor.load(file.path(), signature);
    } catch (EngineException e) {
      throw new ModelPackageException(
          "libtorch " + LibTorch.VERSION + " cannot load " + model + ": " + LibTorch.words(e), e);
    }
  }

  private static String model(Flavor flavor) {
    return flavor.text("model_data") + "/" + MODEL;
  }

  private static UnsupportedModelException onlyPython(String what) {
    return new UnsupportedModelException(
        "the PyTorch model "
            + what
            + ", which only Python reads: log torch.jit.script(model) or torch.jit.trace(model,"
            + " example), or run it as python_function on a server started with --serve-python");
  }
}
