package dev.slipway.benchmarks;

import com.google.protobuf.ByteString;
import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.MLmodel;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.predictor.PredictRequest;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.inference.ModelInferRequest;
import dev.slipway.inference.ModelInferRequest.InferInputTensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import ml.dmlc.xgboost4j.java.Booster;
import ml.dmlc.xgboost4j.java.DMatrix;
import ml.dmlc.xgboost4j.java.XGBoost;
import ml.dmlc.xgboost4j.java.XGBoostError;

/** Is a model that predictions are measured with; it takes one FP32 matrix {@code x}. */
enum BenchmarkModel {
  /** A network of 50, 64 and 1 units in ONNX. */
  MLP_SMALL(50),
  /** A network of 128, 512, 512, 256 and 10 units in ONNX. */
  MLP_LARGE(128),
  /** A network of 50, 256 and 50 units in ONNX, which takes what it answers. */
  MLP_SQUARE(50),
  /** 200 trees of depth 6 over 50 features. */
  XGBOOST(50);

  private static final int TREES = 200;
  private static final int DEPTH = 6;
  private static final int TRAINING_ROWS = 5_000;

  private final int features;

  BenchmarkModel(int features) {
    this.features = features;
  }

  /** Returns the name under which it is registered. */
  String modelName() {
    return name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
  }

  int features() {
    return features;
  }

  /**
   * Writes a package.
   *
   * @param edition makes the package another one of the same model
   */
  ModelPackage write(Path folder, int edition) throws XGBoostError {
    Flavor flavor;
    String file;
    byte[] content;
    if (this == XGBOOST) {
      file = "model.ubj";
      flavor = Flavor.xgboost(file, "3.0.0");
      content = trees();
    } else {
      file = "model.onnx";
      flavor = Flavor.onnx(file, "1.17.0");
      content =
          switch (this) {
            case MLP_SMALL -> OnnxNetwork.write(features, 64, 1);
            case MLP_SQUARE -> OnnxNetwork.write(features, 256, features);
            default -> OnnxNetwork.write(features, 512, 512, 256, 10);
          };
    }
    return ModelPackage.builder(
            MLmodel.builder()
                .flavor(flavor)
                .metadata("edition", edition)
                .metadata("slipway.deterministic", true)
                .build())
        .file(file, content)
        .writeTo(folder);
  }

  private byte[] trees() throws XGBoostError {
    Random random = new Random(2);
    float[] rows = new float[TRAINING_ROWS * features];
    float[] labels = new float[TRAINING_ROWS];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = (float) random.nextGaussian();
    }
    for (int i = 0; i < TRAINING_ROWS; i++) {
      // A target that no tree of that depth has learnt after the first few, so that all are full.
      labels[i] = rows[i * features] * rows[i * features + 1] + (float) random.nextGaussian();
    }
    DMatrix training = new DMatrix(rows, TRAINING_ROWS, features, Float.NaN);
    try {
      training.setLabel(labels);
      Booster booster =
          XGBoost.train(
              training,
              Map.of("max_depth", DEPTH, "eta", 0.1, "tree_method", "hist"),
              TREES,
              Map.of(),
              null,
              null);
      try {
        return booster.toByteArray("ubj");
      } finally {
        booster.dispose();
      }
    } finally {
      training.dispose();
    }
  }

  /** Returns the values of some rows in the raw layout, always the same ones. */
  ByteBuffer rows(int count) {
    Random random = new Random(3);
    ByteBuffer values =
        ByteBuffer.allocateDirect(count * features * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    while (values.hasRemaining()) {
      values.putFloat((float) random.nextGaussian());
    }
    return values.flip();
  }

  /** Returns the same request as {@link #oneRow} for an engine. */
  PredictRequest oneRowForTheEngine() {
    return PredictRequest.of(Tensor.of("x", DataType.FP32, Shape.of(1, features), rows(1)));
  }

  /** Returns the same request as {@link #oneRow} but for one number, so that no two are equal. */
  ModelInferRequest row(int number) {
    ByteBuffer values = rows(1);
    values.putFloat(0, number);
    return request(values);
  }

  /** Returns a request for the predictions of one row by the version in Production. */
  ModelInferRequest oneRow() {
    return request(rows(1));
  }

  private ModelInferRequest request(ByteBuffer row) {
    return ModelInferRequest.newBuilder()
        .setModelName(modelName())
        .addInputs(
            InferInputTensor.newBuilder()
                .setName("x")
                .setDatatype("FP32")
                .addShape(1)
                .addShape(features))
        .addRawInputContents(ByteString.copyFrom(row))
        .build();
  }
}
