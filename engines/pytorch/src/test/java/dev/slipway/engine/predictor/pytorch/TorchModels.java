package dev.slipway.engine.predictor.pytorch;

import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.MLmodel;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.signature.ModelSignature;
import java.nio.file.Path;
import java.util.Map;

/** The models under {@code src/test/models}; {@code make_torchscript.py} wrote them. */
final class TorchModels {

  private static final Path ROOT = Path.of("src/test/models");

  private TorchModels() {}

  /** Returns a package that Python's MLflow wrote. */
  static ModelPackage mlflow(String name) {
    return ModelPackage.read(ROOT.resolve("mlflow").resolve(name));
  }

  /** Returns the file of a bare model, or of one that MLflow packed: {@code mlflow/mlp}. */
  static Path file(String name) {
    return name.startsWith("mlflow/")
        ? ROOT.resolve(name).resolve("data/model.pth")
        : ROOT.resolve(name + ".pt");
  }

  /** Writes a package around a file. */
  static ModelPackage pack(Path folder, Path model, ModelSignature signature) {
    return ModelPackage.builder(mlmodel().signature(signature).build())
        .file("data/model.pth", model)
        .writeTo(folder);
  }

  /** Writes a package around such bytes. */
  static ModelPackage pack(Path folder, byte[] model, ModelSignature signature) {
    return ModelPackage.builder(mlmodel().signature(signature).build())
        .file("data/model.pth", model)
        .writeTo(folder);
  }

  static MLmodel.Builder mlmodel() {
    return MLmodel.builder().flavor(new Flavor("pytorch", Map.of("model_data", "data")));
  }
}
