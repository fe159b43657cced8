package dev.slipway.engine.predictor.xgboost;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.slipway.engine.TestModels;
import dev.slipway.engine.error.EngineException;
import dev.slipway.engine.error.InvalidInputException;
import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.error.UnsupportedModelException;
import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.MLmodel;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.predictor.PredictRequest;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.engine.predictor.Predictors;
import dev.slipway.engine.signature.ColumnSchema;
import dev.slipway.engine.signature.ColumnSpec;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.signature.ScalarType;
import dev.slipway.engine.signature.Schema;
import dev.slipway.engine.signature.TensorSchema;
import dev.slipway.engine.signature.TensorSpec;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.engine.tensor.TensorMetadata;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import ml.dmlc.xgboost4j.java.Booster;
import ml.dmlc.xgboost4j.java.DMatrix;
import ml.dmlc.xgboost4j.java.XGBoost;
import ml.dmlc.xgboost4j.java.XGBoostError;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class XgboostPredictorTest {

  private static final int FEATURES = 4;
  private static final int CLASSES = 3;
  private static final float[] ROWS = features(50, 99);

  private static Booster softprob;
  private static Booster named;

  @TempDir private Path folder;
  private int packages;

  @BeforeAll
  static void train() throws XGBoostError {
    softprob = train(new String[0]);
    named = train(new String[] {"d", "c", "b", "a"});
  }

  @AfterAll
  static void dispose() {
    softprob.dispose();
    named.dispose();
  }

  private static Booster train(String[] names) throws XGBoostError {
    float[] x = features(300, 1);
    float[] y = new float[300];
    for (int i = 0; i < y.length; i++) {
      y[i] = x[i * FEATURES] > 0.6 ? 2 : x[i * FEATURES + 1] > 0.5 ? 1 : 0;
    }
    DMatrix data = new DMatrix(x, 300, FEATURES, Float.NaN);
    try {
      data.setLabel(y);
      if (names.length > 0) {
        data.setFeatureNames(names);
      }
      Map<String, Object> params =
          Map.of("objective", "multi:softprob", "num_class", CLASSES, "max_depth", 3, "nthread", 1);
      return XGBoost.train(data, params, 5, Map.of(), null, null);
    } finally {
      data.dispose();
    }
  }

  private static float[] features(int rows, long seed) {
    Random random = new Random(seed);
    float[] values = new float[rows * FEATURES];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextInt(10) == 0 ? Float.NaN : random.nextFloat();
    }
    return values;
  }

  private static Tensor matrix(String name, float[] values) {
    return Tensor.ofFloats(name, Shape.of(values.length / FEATURES, FEATURES), values);
  }

  private static float[] flat(float[][] rows) {
    float[] values = new float[rows.length * rows[0].length];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(rows[i], 0, values, i * rows[0].length, rows[0].length);
    }
    return values;
  }

  private ModelPackage write(byte[] model, Optional<Schema> inputs, Optional<Schema> outputs) {
    MLmodel.Builder mlmodel = MLmodel.builder().flavor(Flavor.xgboost("model.ubj", "3.0.4"));
    if (inputs.isPresent() || outputs.isPresent()) {
      mlmodel.signature(new ModelSignature(inputs, outputs, List.of()));
    }
    return ModelPackage.builder(mlmodel.build())
        .file("model.ubj", model)
        .writeTo(folder.resolve("package" + packages++));
  }

  private Predictor load(Booster booster, Optional<Schema> inputs, Optional<Schema> outputs)
      throws XGBoostError {
    return Predictors.load(write(booster.toByteArray("ubj"), inputs, outputs));
  }

  @Test
  void everyObjective_answersAsPythonDid() throws Exception {
    JsonNode expected =
        new ObjectMapper().readTree(TestModels.file("xgboost/expected.json").toFile());
    JsonNode rows = expected.get("features");
    float[] features = new float[rows.size() * 3];
    for (int i = 0; i < features.length; i++) {
      JsonNode value = rows.get(i / 3).get(i % 3);
      features[i] = value.isTextual() ? Float.NaN : value.floatValue();
    }
    try (var files = Files.list(TestModels.file("xgboost"))) {
      for (Path file :
          files
              .filter(path -> !path.endsWith("expected.json") && !path.endsWith("linear.ubj"))
              .toList()) {
        String name = file.getFileName().toString().replaceAll("\\..*", "");
        try (Predictor predictor =
            Predictors.load(write(Files.readAllBytes(file), Optional.empty(), Optional.empty()))) {
          float[] answered =
              predictor
                  .predict(
                      PredictRequest.of(Tensor.ofFloats("x", Shape.of(rows.size(), 3), features)))
                  .output("predictions")
                  .toFloats();
          int width = expected.get(name).get(0).size();
          assertThat(answered).hasSize(rows.size() * width);
          for (int i = 0; i < answered.length; i++) {
            double wanted = expected.get(name).get(i / width).get(i % width).doubleValue();
            assertThat((double) answered[i])
                .as(name)
                .isCloseTo(wanted, within(1e-6 * Math.max(1, Math.abs(wanted))));
          }
        }
      }
    }
  }

  @Test
  void withoutSignature_oneMatrixIn_onePredictionsTensorOut() throws Exception {
    DMatrix data = new DMatrix(ROWS, 50, FEATURES, Float.NaN);
    float[] expected = flat(softprob.predict(data));
    data.dispose();
    try (Predictor predictor = load(softprob, Optional.empty(), Optional.empty())) {
      assertThat(predictor.platform()).isEqualTo("xgboost_ubj");
      assertThat(predictor.batched()).isTrue();
      assertThat(predictor.inputs())
          .containsExactly(new TensorMetadata("features", DataType.FP32, Shape.of(-1, FEATURES)));
      assertThat(predictor.outputs())
          .containsExactly(new TensorMetadata("predictions", DataType.FP32, Shape.of(-1, CLASSES)));
      assertThat(predictor.predict(PredictRequest.of(matrix("any", ROWS))).outputs())
          .containsExactly(Tensor.ofFloats("predictions", Shape.of(50, CLASSES), expected));
      assertThat(
              predictor
                  .predict(PredictRequest.of(matrix("any", new float[0])))
                  .output("predictions")
                  .shape())
          .isEqualTo(Shape.of(0, CLASSES));
      assertThatThrownBy(
              () ->
                  predictor.predict(
                      PredictRequest.of(Tensor.ofFloats("x", Shape.of(1, 3), 1, 2, 3))))
          .isInstanceOf(InvalidInputException.class);
    }
  }

  @Test
  void doublesWholeNumbersAndColumns_giveWhatTheFloatMatrixGives() throws Exception {
    float[] rows = features(20, 5);
    double[] doubles = new double[rows.length];
    float[] whole = new float[rows.length];
    int[] ints = new int[rows.length];
    for (int i = 0; i < rows.length; i++) {
      doubles[i] = rows[i];
      ints[i] = i % 3 - 1;
      whole[i] = ints[i];
    }
    Schema typed = TensorSchema.of(TensorSpec.of("x", DataType.FP64, Shape.of(-1, FEATURES)));
    Schema integers = TensorSchema.of(TensorSpec.unnamed(DataType.INT32, Shape.of(-1, FEATURES)));
    try (Predictor plain = load(softprob, Optional.empty(), Optional.empty());
        Predictor doubled = load(softprob, Optional.of(typed), Optional.empty());
        Predictor counted = load(softprob, Optional.of(integers), Optional.empty())) {
      assertThat(
              doubled.predict(
                  PredictRequest.of(Tensor.ofDoubles("x", Shape.of(20, FEATURES), doubles))))
          .isEqualTo(plain.predict(PredictRequest.of(matrix("x", rows))));
      assertThat(
              counted.predict(PredictRequest.of(Tensor.ofInts("x", Shape.of(20, FEATURES), ints))))
          .isEqualTo(plain.predict(PredictRequest.of(matrix("x", whole))));
    }
  }

  @Test
  void columns_areMatchedToTheBoostersFeaturesByName() throws Exception {
    Schema columns =
        ColumnSchema.of(
            ColumnSpec.of("a", ScalarType.DOUBLE),
            ColumnSpec.of("b", ScalarType.DOUBLE),
            new ColumnSpec(Optional.of("c"), ScalarType.DOUBLE, false),
            ColumnSpec.of("d", ScalarType.DOUBLE));
    try (Predictor byPosition = load(named, Optional.empty(), Optional.empty());
        Predictor byName = load(named, Optional.of(columns), Optional.empty())) {
      // The booster's order is d, c, b, a.
      var expected =
          byPosition.predict(
              PredictRequest.of(matrix("x", new float[] {0.4f, Float.NaN, 0.2f, 0.1f})));
      assertThat(
              byName.predict(
                  PredictRequest.of(
                      Tensor.ofDoubles("a", Shape.of(1), 0.1),
                      Tensor.ofDoubles("b", Shape.of(1, 1), 0.2),
                      Tensor.ofDoubles("d", Shape.of(1), 0.4))))
          .isEqualTo(expected);
      assertThat(
              byName.predict(
                  PredictRequest.of(
                      Tensor.ofDoubles("m", Shape.of(1, 4), 0.1, 0.2, Double.NaN, 0.4))))
          .isEqualTo(expected);
    }
  }

  @Test
  void outputs_haveTheNameTypeAndRankOfTheSignature() throws Exception {
    float[] probabilities;
    try (Predictor plain = load(softprob, Optional.empty(), Optional.empty())) {
      probabilities =
          plain.predict(PredictRequest.of(matrix("x", ROWS))).output("predictions").toFloats();
    }
    Schema doubled = TensorSchema.of(TensorSpec.of("p", DataType.FP64, Shape.of(-1, CLASSES)));
    try (Predictor predictor = load(softprob, Optional.empty(), Optional.of(doubled))) {
      double[] answered =
          predictor.predict(PredictRequest.of(matrix("x", ROWS))).output("p").toDoubles();
      assertThat(answered[7]).isEqualTo(probabilities[7]);
    }
    Schema label = TensorSchema.of(TensorSpec.unnamed(DataType.INT64, Shape.of(-1)));
    try (Predictor predictor = load(softprob, Optional.empty(), Optional.of(label))) {
      Tensor labels = predictor.predict(PredictRequest.of(matrix("x", ROWS))).output("predictions");
      assertThat(labels.shape()).isEqualTo(Shape.of(50));
      for (int i = 0; i < 50; i++) {
        float[] row = Arrays.copyOfRange(probabilities, i * CLASSES, (i + 1) * CLASSES);
        assertThat(row[(int) labels.toLongs()[i]])
            .isEqualTo(Math.max(row[0], Math.max(row[1], row[2])));
      }
    }
    Schema split =
        ColumnSchema.of(
            ColumnSpec.of("zero", ScalarType.FLOAT),
            ColumnSpec.of("one", ScalarType.FLOAT),
            ColumnSpec.of("two", ScalarType.DOUBLE));
    try (Predictor predictor = load(softprob, Optional.empty(), Optional.of(split))) {
      var answer =
          predictor.predict(
              new PredictRequest(List.of(matrix("x", ROWS)), Map.of(), List.of("two", "zero")));
      assertThat(answer.outputs()).extracting(Tensor::name).containsExactly("two", "zero");
      assertThat(answer.output("two").toDoubles()[1]).isEqualTo(probabilities[5]);
      assertThat(answer.output("zero").toFloats()[1]).isEqualTo(probabilities[3]);
    }
  }

  @Test
  void signatureThatContradictsTheModel_isRefusedAtLoad() throws Exception {
    byte[] model = named.toByteArray("ubj");
    List<Schema> inputs =
        List.of(
            TensorSchema.of(TensorSpec.unnamed(DataType.FP32, Shape.of(-1, 5))),
            TensorSchema.of(TensorSpec.unnamed(DataType.FP32, Shape.of(-1))),
            TensorSchema.of(TensorSpec.unnamed(DataType.BYTES, Shape.of(-1, FEATURES))),
            ColumnSchema.of(ColumnSpec.of("a", ScalarType.DOUBLE)),
            ColumnSchema.of(
                ColumnSpec.of("a", ScalarType.DOUBLE), ColumnSpec.of("b", ScalarType.DOUBLE),
                ColumnSpec.of("c", ScalarType.DOUBLE), ColumnSpec.of("x", ScalarType.DOUBLE)),
            ColumnSchema.of(
                ColumnSpec.of("a", ScalarType.DOUBLE), ColumnSpec.of("b", ScalarType.STRING),
                ColumnSpec.of("c", ScalarType.DOUBLE), ColumnSpec.of("d", ScalarType.DOUBLE)));
    for (Schema schema : inputs) {
      ModelPackage modelPackage = write(model, Optional.of(schema), Optional.empty());
      assertThatThrownBy(() -> Predictors.load(modelPackage))
          .isInstanceOf(ModelPackageException.class)
          .hasMessageContaining("signature.inputs");
    }
    List<Schema> outputs =
        List.of(
            TensorSchema.of(TensorSpec.unnamed(DataType.FP32, Shape.of(-1))),
            TensorSchema.of(TensorSpec.unnamed(DataType.FP32, Shape.of(-1, 4))),
            TensorSchema.of(TensorSpec.unnamed(DataType.BYTES, Shape.of(-1))),
            ColumnSchema.of(
                ColumnSpec.of("a", ScalarType.FLOAT), ColumnSpec.of("b", ScalarType.FLOAT)));
    for (Schema schema : outputs) {
      ModelPackage modelPackage = write(model, Optional.empty(), Optional.of(schema));
      assertThatThrownBy(() -> Predictors.load(modelPackage))
          .isInstanceOf(ModelPackageException.class)
          .hasMessageContaining("signature.outputs");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 20, 100, 1000, 3000, -1})
  void truncatedFile_isAPreciseRefusal(int length) throws Exception {
    byte[] whole = softprob.toByteArray("ubj");
    byte[] cut = Arrays.copyOf(whole, length < 0 ? whole.length + length : length);
    ModelPackage modelPackage = write(cut, Optional.empty(), Optional.empty());
    assertThatThrownBy(() -> Predictors.load(modelPackage))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("model.ubj");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "not a model",
        "{}",
        "{\"learner\":{}}",
        "binf\u0000\u0000",
        "[1]",
        "{\"learner\": 7"
      })
  void fileOfSomethingElse_isAPreciseRefusal(String content) {
    ModelPackage modelPackage =
        write(content.getBytes(StandardCharsets.UTF_8), Optional.empty(), Optional.empty());
    assertThatThrownBy(() -> Predictors.load(modelPackage))
        .isInstanceOf(EngineException.class)
        .hasMessageContaining("model.ubj");
  }

  @Test
  void linearBooster_isUnsupported() throws Exception {
    ModelPackage modelPackage =
        write(
            Files.readAllBytes(TestModels.file("xgboost/linear.ubj")),
            Optional.empty(),
            Optional.empty());
    assertThatThrownBy(() -> Predictors.load(modelPackage))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("XGBoost cannot predict with model.ubj");
  }

  @Test
  void modelOfANewerXgboost_isUnsupportedRatherThanMisread() throws Exception {
    String json =
        Files.readString(TestModels.file("xgboost/binary.json"))
            .replace("\"version\":[3,2,0]", "\"version\":[3,3,0]");
    byte[] ubj = Files.readAllBytes(TestModels.file("xgboost/counts.ubj"));
    ubj[ubj.length - 4] = 9;
    for (byte[] model : List.of(json.getBytes(StandardCharsets.UTF_8), ubj)) {
      ModelPackage modelPackage = write(model, Optional.empty(), Optional.empty());
      assertThatThrownBy(() -> Predictors.load(modelPackage))
          .isInstanceOf(UnsupportedModelException.class)
          .hasMessageContaining("was written by XGBoost 3.");
    }
  }

  @Test
  void parallelPredict_equalsSerial() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try (Predictor predictor = load(softprob, Optional.empty(), Optional.empty())) {
      List<Tensor> inputs = new ArrayList<>();
      List<Tensor> serial = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        inputs.add(matrix("x", features(1 + i % 9, i)));
        serial.add(predictor.predict(PredictRequest.of(inputs.get(i))).output("predictions"));
      }
      List<Future<Tensor>> parallel = new ArrayList<>();
      for (int i = 0; i < 2_000; i++) {
        Tensor input = inputs.get(i % 100);
        parallel.add(
            threads.submit(
                () -> predictor.predict(PredictRequest.of(input)).output("predictions")));
      }
      for (int i = 0; i < parallel.size(); i++) {
        assertThat(parallel.get(i).get()).isEqualTo(serial.get(i % 100));
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void fiftyLoadsAndCloses_work() throws Exception {
    ModelPackage modelPackage =
        write(softprob.toByteArray("ubj"), Optional.empty(), Optional.empty());
    for (int i = 0; i < 50; i++) {
      Predictor predictor = Predictors.load(modelPackage);
      assertThat(predictor.predict(PredictRequest.of(matrix("x", ROWS))).outputs()).hasSize(1);
      predictor.close();
      predictor.close();
      assertThatThrownBy(() -> predictor.predict(PredictRequest.of(matrix("x", ROWS))))
          .isInstanceOf(IllegalStateException.class);
    }
  }
}
