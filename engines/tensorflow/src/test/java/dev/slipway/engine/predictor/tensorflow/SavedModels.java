package dev.slipway.engine.predictor.tensorflow;

import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.MLmodel;
import dev.slipway.engine.packaging.ModelPackage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The models under {@code src/test/models}; {@code make_saved_models.py} wrote them. */
final class SavedModels {

  private static final Path ROOT = Path.of("src/test/models");

  private SavedModels() {}

  /** Returns a package that Python's MLflow wrote. */
  static ModelPackage mlflow(String name) {
    return ModelPackage.read(ROOT.resolve("mlflow").resolve(name));
  }

  /** Writes a package, without a signature, around a bare SavedModel and one of its signatures. */
  static ModelPackage pack(Path folder, String model, String signature) {
    return pack(
        folder,
        model,
        MLmodel.builder()
            .flavor(
                new Flavor(
                    "tensorflow",
                    Map.of(
                        "saved_model_dir",
                        "tfmodel",
                        "meta_graph_tags",
                        List.of("serve"),
                        "signature_def_key",
                        signature)))
            .build());
  }

  /** Writes a package around a bare SavedModel, which becomes the folder {@code tfmodel}. */
  static ModelPackage pack(Path folder, String model, MLmodel mlmodel) {
    Path source = ROOT.resolve(model);
    ModelPackage.Builder builder = ModelPackage.builder(mlmodel);
    try (Stream<Path> files = Files.walk(source)) {
      files
          .filter(Files::isRegularFile)
          .forEach(file -> builder.file("tfmodel/" + source.relativize(file), file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return builder.writeTo(folder);
  }
}
