package dev.slipway.engine;

import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.MLmodel;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.signature.ModelSignature;
import java.nio.file.Path;
import java.util.Optional;

/** The model files under {@code src/test/models}; the scripts there wrote them. */
public final class TestModels {

  private static final Path ROOT = Path.of("src/test/models");

  private TestModels() {}

  public static Path file(String path) {
    return ROOT.resolve(path);
  }

  /** Returns a package that Python's MLflow wrote. */
  public static ModelPackage mlflow(String name) {
    return ModelPackage.read(ROOT.resolve("mlflow").resolve(name));
  }

  /** Writes a package around one of the ONNX files. */
  public static ModelPackage onnx(Path folder, String model, Optional<ModelSignature> signature) {
    MLmodel.Builder mlmodel = MLmodel.builder().flavor(Flavor.onnx("model.onnx", "1.23.2"));
    signature.ifPresent(mlmodel::signature);
    return ModelPackage.builder(mlmodel.build())
        .file("model.onnx", file(model + ".onnx"))
        .writeTo(folder);
  }

  public static ModelPackage onnx(Path folder, String model) {
    return onnx(folder, model, Optional.empty());
  }
}
