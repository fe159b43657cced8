package dev.slipway.engine.predictor.python;

import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.GoldenCase;
import dev.slipway.engine.packaging.GoldenRequests;
import dev.slipway.engine.packaging.MLmodel;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.predictor.PredictRequest;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.engine.predictor.Predictors;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.signature.TensorSchema;
import dev.slipway.engine.signature.TensorSpec;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Packages of a few lines of Python that need nothing but Python. */
final class ToyPackages {

  /** The Python on the path. */
  static final String PYTHON = "python3";

  static final PythonSettings SETTINGS =
      new PythonSettings(
          List.of(PYTHON),
          1,
          Duration.ofSeconds(60),
          Duration.ofSeconds(60),
          Long.MAX_VALUE,
          Optional.empty());

  private static final ModelSignature SIGNATURE =
      ModelSignature.of(
          TensorSchema.of(TensorSpec.of("x", DataType.FP64, Shape.of(-1))),
          TensorSchema.of(
              TensorSpec.of("y", DataType.FP64, Shape.of(-1)),
              TensorSpec.of("pid", DataType.INT64, Shape.of(-1))));

  private ToyPackages() {}

  /**
   * Writes a package whose predict is given: the body of a function of {@code x}, a list of
   * numbers, and {@code folder}, a place to leave marks in. Falls through to {@code y = 2x} and the
   * process's id.
   */
  static ModelPackage write(Path folder, String predict) {
    return write(folder, predict, "");
  }

  /** Writes a package with statements that run when it is loaded, too. */
  static ModelPackage write(Path folder, String predict, String load) {
    return write(folder, module(folder, predict, load), SIGNATURE, Map.of());
  }

  /** Writes a package with a golden request of x = 1. */
  static ModelPackage writeGolden(Path folder, String predict) {
    GoldenCase one =
        new GoldenCase(
            "one",
            List.of(Tensor.ofDoubles("x", Shape.of(1), 1)),
            Map.of(),
            List.of(Tensor.ofDoubles("y", Shape.of(1), 2)),
            0,
            0);
    return write(folder, module(folder, predict, ""), SIGNATURE, Map.of(), GoldenRequests.of(one));
  }

  private static String module(Path folder, String predict, String load) {
    return """
    import os, sys, time, signal, subprocess

    folder = %s

    class Model:
        def predict(self, data, params=None):
            x = list(data["x"])
    %s
            return {"y": [2 * value for value in x], "pid": [os.getpid()] * len(x)}

    def _load_pyfunc(path, model_config=None):
    %s
        return Model()
    """
        .formatted(
            "\"" + folder + "\"",
            predict.strip().indent(8).stripTrailing(),
            load.strip().indent(4).stripTrailing());
  }

  static ModelPackage write(
      Path folder, String module, ModelSignature signature, Map<String, Object> config) {
    return write(folder, module, signature, config, GoldenRequests.none());
  }

  private static ModelPackage write(
      Path folder,
      String module,
      ModelSignature signature,
      Map<String, Object> config,
      GoldenRequests golden) {
    Map<String, Object> settings = new LinkedHashMap<>(config);
    settings.put("loader_module", "toy_module");
    settings.put("code", "code");
    MLmodel mlmodel =
        MLmodel.builder()
            .flavor(new Flavor("python_function", settings))
            .signature(signature)
            .build();
    return ModelPackage.builder(mlmodel)
        .file("code/toy_module.py", module.getBytes(StandardCharsets.UTF_8))
        .goldenRequests(golden)
        .writeTo(folder.resolve("package"));
  }

  static Predictor load(PythonPredictorProvider provider, ModelPackage modelPackage) {
    return Predictors.loadWith(modelPackage, List.of(provider));
  }

  static PredictRequest request(double... x) {
    return PredictRequest.of(Tensor.ofDoubles("x", Shape.of(x.length), x));
  }

  /** Returns the process that answers. */
  static long pid(Predictor predictor) {
    return predictor.predict(request(1)).output("pid").toLongs()[0];
  }
}
