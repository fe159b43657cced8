package dev.slipway.cli.quickstart;

import dev.slipway.cli.quickstart.Digits.Rows;
import dev.slipway.cli.quickstart.DigitsTrainer.Trained;
import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.GoldenCase;
import dev.slipway.engine.packaging.GoldenRequests;
import dev.slipway.engine.packaging.MLmodel;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.signature.TensorSchema;
import dev.slipway.engine.signature.TensorSpec;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Writes a trained booster as a model package: signature, golden requests, model file. */
final class DigitsPackage {
  /** Name of the input, {@code [batch, 64]} of FP32. */
  static final String INPUT = "pixels";

  /** Name of the output, {@code [batch, 10]} of FP32. */
  static final String OUTPUT = "probabilities";

  private static final String MODEL_FILE = "model.ubj";
  private static final String XGBOOST_VERSION = "3.0.4";
  private static final double TOLERANCE = 1e-5;

  private DigitsPackage() {}

  /** Writes the package into a folder that does not exist yet. */
  static ModelPackage write(Path folder, String runId, Trained trained, Rows golden) {
    ModelSignature signature =
        ModelSignature.of(
            TensorSchema.of(
                TensorSpec.of(INPUT, DataType.FP32, Shape.of(Shape.ANY, Digits.PIXELS))),
            TensorSchema.of(
                TensorSpec.of(OUTPUT, DataType.FP32, Shape.of(Shape.ANY, Digits.CLASSES))));
    MLmodel description =
        MLmodel.builder()
            .flavor(Flavor.xgboost(MODEL_FILE, XGBOOST_VERSION))
            .signature(signature)
            .runId(runId)
            .artifactPath("model")
            .timeCreated(Instant.now())
            .modelUuid(UUID.randomUUID().toString().replace("-", ""))
            .build();
    return ModelPackage.builder(description)
        .file(MODEL_FILE, trained.ubjson())
        .goldenRequests(goldenRequests(trained, golden))
        .writeTo(folder);
  }

  private static GoldenRequests goldenRequests(Trained trained, Rows golden) {
    float[] expected = new float[golden.count() * Digits.CLASSES];
    for (int row = 0; row < golden.count(); row++) {
      System.arraycopy(
          trained.goldenProbabilities()[row], 0, expected, row * Digits.CLASSES, Digits.CLASSES);
    }
    return GoldenRequests.of(
        new GoldenCase(
            "validation rows",
            List.of(
                Tensor.ofFloats(INPUT, Shape.of(golden.count(), Digits.PIXELS), golden.pixels())),
            Map.of(),
            List.of(Tensor.ofFloats(OUTPUT, Shape.of(golden.count(), Digits.CLASSES), expected)),
            TOLERANCE,
            TOLERANCE));
  }
}
