package dev.slipway.engine.predictor.catboost;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.slipway.engine.TestModels;
import dev.slipway.engine.error.InvalidInputException;
import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.error.UnsupportedModelException;
import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.MLmodel;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.predictor.PredictRequest;
import dev.slipway.engine.predictor.Predictions;
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
import java.io.IOException;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CatboostPredictorTest {

  private static final int ROWS = 8;
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path folder;
  private int packages;

  private static JsonNode expected() throws IOException {
    return JSON.readTree(TestModels.file("catboost/expected.json").toFile());
  }

  private static byte[] content(String file) throws IOException {
    return Files.readAllBytes(TestModels.file("catboost/" + file));
  }

  private ModelPackage write(
      byte[] model, String format, String type, Optional<Schema> inputs, Optional<Schema> outputs) {
    Flavor flavor =
        new Flavor(
            "catboost", Map.of("data", "model.cb", "save_format", format, "model_type", type));
    MLmodel.Builder mlmodel = MLmodel.builder().flavor(flavor);
    if (inputs.isPresent() || outputs.isPresent()) {
      mlmodel.signature(new ModelSignature(inputs, outputs, List.of()));
    }
    return ModelPackage.builder(mlmodel.build())
        .file("model.cb", model)
        .writeTo(folder.resolve("package" + packages++));
  }

  private Predictor load(String name, Optional<Schema> outputs) throws IOException {
    String type = expected().get(name).get("type").asText();
    return Predictors.load(write(content(name + ".cbm"), "cbm", type, Optional.empty(), outputs));
  }

  private static Tensor features() throws IOException {
    List<Float> values = new ArrayList<>();
    for (JsonNode row : expected().get("features")) {
      row.forEach(value -> values.add(value.isTextual() ? Float.NaN : value.floatValue()));
    }
    float[] floats = new float[values.size()];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = values.get(i);
    }
    return Tensor.ofFloats("x", Shape.of(ROWS, 3), floats);
  }

  private static double[] numbers(JsonNode rows) {
    List<Double> values = new ArrayList<>();
    rows.forEach(row -> row.forEach(value -> values.add(value.doubleValue())));
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }

  @ParameterizedTest
  @ValueSource(strings = {"regression", "poisson", "two_targets", "uncertainty", "raw"})
  void everyRegression_answersAsPythonDid(String name) throws Exception {
    double[] wanted = numbers(expected().get(name).get("predict"));
    try (Predictor predictor = load(name, Optional.empty())) {
      double[] answered =
          predictor.predict(PredictRequest.of(features())).output("predictions").toDoubles();
      assertThat(answered).containsExactly(wanted, within(1e-12));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"binary", "text_labels", "one_vs_all", "cross_entropy", "threshold", "bools"})
  void everyClassifier_answersLabelsAndProbabilitiesAsPythonDid(String name) throws Exception {
    JsonNode wanted = expected().get(name);
    try (Predictor predictor = load(name, Optional.empty())) {
      Predictions answered = predictor.predict(PredictRequest.of(features()));
      assertThat(answered.output("probabilities").toDoubles())
          .containsExactly(numbers(wanted.get("probabilities")), within(1e-12));
      Tensor labels = answered.output("predictions");
      List<String> texts = new ArrayList<>();
      for (int i = 0; i < ROWS; i++) {
        texts.add(
            switch (labels.datatype()) {
              case INT64 -> Long.toString(labels.toLongs()[i]);
              case BOOL -> Boolean.toString(labels.toBooleans()[i]);
              default -> labels.toStrings()[i];
            });
      }
      List<String> python = new ArrayList<>();
      wanted.get("predict").forEach(row -> python.add(row.get(0).asText()));
      assertThat(texts).isEqualTo(python);
    }
  }

  @Test
  void modelInJson_answersAsTheBinaryOne() throws Exception {
    ModelPackage json =
        write(
            content("text_labels.json"),
            "json",
            "CatBoostClassifier",
            Optional.empty(),
            Optional.empty());
    try (Predictor predictor = Predictors.load(json);
        Predictor binary = load("text_labels", Optional.empty())) {
      assertThat(predictor.platform()).isEqualTo("catboost_json");
      assertThat(binary.platform()).isEqualTo("catboost_cbm");
      assertThat(predictor.predict(PredictRequest.of(features())).output("predictions"))
          .isEqualTo(binary.predict(PredictRequest.of(features())).output("predictions"));
    }
  }

  @Test
  void withoutSignature_tellsItsTensors() throws Exception {
    try (Predictor predictor = load("binary", Optional.empty())) {
      assertThat(predictor.batched()).isTrue();
      assertThat(predictor.inputs())
          .containsExactly(new TensorMetadata("features", DataType.FP32, Shape.of(-1, 3)));
      assertThat(predictor.outputs())
          .containsExactly(
              new TensorMetadata("predictions", DataType.INT64, Shape.of(-1)),
              new TensorMetadata("probabilities", DataType.FP64, Shape.of(-1, 2)));
      Tensor nothing = Tensor.ofFloats("x", Shape.of(0, 3));
      assertThat(predictor.predict(PredictRequest.of(nothing)).output("probabilities").shape())
          .isEqualTo(Shape.of(0, 2));
    }
  }

  @Test
  void categoriesWithoutSignature_areColumns() throws Exception {
    byte[] model = Files.readAllBytes(TestModels.mlflow("catboost-classifier").file("model.cb"));
    ModelPackage bare =
        write(model, "cbm", "CatBoostClassifier", Optional.empty(), Optional.empty());
    try (Predictor predictor = Predictors.load(bare);
        Predictor signed = Predictors.load(TestModels.mlflow("catboost-classifier"))) {
      assertThat(predictor.inputs())
          .extracting(TensorMetadata::datatype)
          .containsExactly(
              DataType.BYTES, DataType.FP32, DataType.BYTES, DataType.FP32, DataType.FP32);
      Tensor[] given = {
        Tensor.ofStrings("town", Shape.of(2), "Köln", "Ulm"),
        Tensor.ofFloats("height", Shape.of(2), 0.5f, 0.5f),
        Tensor.ofStrings("rooms", Shape.of(2), "2", "1")
      };
      Tensor answered = predictor.predict(PredictRequest.of(given)).output("predictions");
      assertThat(answered.toStrings()).containsExactly("yes", "no");
      given[1] = Tensor.ofDoubles("height", Shape.of(2), 0.5, 0.5);
      given[2] = Tensor.ofLongs("rooms", Shape.of(2), 2, 1);
      Tensor idle = Tensor.ofDoubles("idle", Shape.of(2), 0, 0);
      assertThat(
              signed
                  .predict(PredictRequest.of(given[0], given[1], given[2], idle))
                  .output("predictions"))
          .isEqualTo(answered);
      assertThatThrownBy(() -> predictor.predict(PredictRequest.of(given[0], given[2])))
          .isInstanceOf(InvalidInputException.class);
    }
  }

  @Test
  void outputs_haveTheFormOfTheSignature() throws Exception {
    double[] probabilities = numbers(expected().get("binary").get("probabilities"));
    Schema both = TensorSchema.of(TensorSpec.of("p", DataType.FP32, Shape.of(-1, 2)));
    try (Predictor predictor = load("binary", Optional.of(both))) {
      Tensor answered = predictor.predict(PredictRequest.of(features())).output("p");
      assertThat(answered.shape()).isEqualTo(Shape.of(ROWS, 2));
      assertThat(answered.toFloats()[3]).isEqualTo((float) probabilities[3]);
    }
    Schema second = TensorSchema.of(TensorSpec.unnamed(DataType.FP64, Shape.of(-1)));
    try (Predictor predictor = load("binary", Optional.of(second))) {
      double[] answered =
          predictor.predict(PredictRequest.of(features())).output("predictions").toDoubles();
      assertThat(answered[2]).isCloseTo(probabilities[5], within(1e-12));
    }
    Schema text = TensorSchema.of(TensorSpec.unnamed(DataType.BYTES, Shape.of(-1, 1)));
    try (Predictor predictor = load("binary", Optional.of(text))) {
      Tensor answered = predictor.predict(PredictRequest.of(features())).output("predictions");
      assertThat(answered.shape()).isEqualTo(Shape.of(ROWS, 1));
      assertThat(answered.toStrings()).startsWith("7", "3");
    }
    Schema columns =
        ColumnSchema.of(
            ColumnSpec.of("predict", ScalarType.INTEGER),
            ColumnSpec.of("p3", ScalarType.DOUBLE),
            ColumnSpec.of("p7", ScalarType.DOUBLE));
    try (Predictor predictor = load("binary", Optional.of(columns))) {
      Predictions answered =
          predictor.predict(
              new PredictRequest(List.of(features()), Map.of(), List.of("p7", "predict")));
      assertThat(answered.outputs()).extracting(Tensor::name).containsExactly("p7", "predict");
      assertThat(answered.output("predict").toInts()).startsWith(7, 3);
      assertThat(answered.output("p7").toDoubles()[1]).isCloseTo(probabilities[3], within(1e-12));
    }
  }

  @Test
  void signatureThatContradictsTheModel_isRefusedAtLoad() throws Exception {
    List<Schema> outputs =
        List.of(
            TensorSchema.of(TensorSpec.unnamed(DataType.INT64, Shape.of(-1))),
            TensorSchema.of(TensorSpec.unnamed(DataType.FP64, Shape.of(-1))),
            TensorSchema.of(TensorSpec.unnamed(DataType.FP64, Shape.of(-1, 2))),
            ColumnSchema.of(
                ColumnSpec.of("a", ScalarType.DOUBLE), ColumnSpec.of("b", ScalarType.DOUBLE)));
    for (Schema schema : outputs) {
      assertThatThrownBy(() -> load("text_labels", Optional.of(schema)))
          .isInstanceOf(ModelPackageException.class)
          .hasMessageContaining("signature.outputs");
    }
    byte[] model = Files.readAllBytes(TestModels.mlflow("catboost-regressor").file("model.cb"));
    List<Schema> inputs =
        List.of(
            TensorSchema.of(TensorSpec.unnamed(DataType.FP32, Shape.of(-1, 5))),
            columns("town", ScalarType.DOUBLE, "height", ScalarType.DOUBLE),
            columns("town", ScalarType.STRING, "height", ScalarType.STRING),
            columns("city", ScalarType.STRING, "height", ScalarType.DOUBLE));
    for (Schema schema : inputs) {
      ModelPackage modelPackage =
          write(model, "cbm", "CatBoostRegressor", Optional.of(schema), Optional.empty());
      assertThatThrownBy(() -> Predictors.load(modelPackage))
          .isInstanceOf(ModelPackageException.class)
          .hasMessageContaining("signature.inputs");
    }
  }

  private static Schema columns(String first, ScalarType town, String second, ScalarType height) {
    return ColumnSchema.of(
        ColumnSpec.of(first, town),
        ColumnSpec.of(second, height),
        ColumnSpec.of("rooms", ScalarType.LONG),
        ColumnSpec.of("weight", ScalarType.DOUBLE),
        ColumnSpec.of("idle", ScalarType.DOUBLE));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 4, 8, 20, 100, 1000, 3000, 6000, -1})
  void fileCutOff_isRefused(int length) throws Exception {
    byte[] whole = content("binary.cbm");
    byte[] cut = Arrays.copyOf(whole, length < 0 ? whole.length + length : length);
    for (String format : List.of("cbm", "json")) {
      ModelPackage modelPackage =
          write(cut, format, "CatBoost", Optional.empty(), Optional.empty());
      assertThatThrownBy(() -> Predictors.load(modelPackage))
          .isInstanceOf(ModelPackageException.class)
          .hasMessageContaining("model.cb");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "[]", "not a model", "{\"oblivious_trees\": []}"})
  void fileOfSomethingElse_isRefused(String content) {
    for (String format : List.of("cbm", "json")) {
      ModelPackage modelPackage =
          write(
              content.getBytes(StandardCharsets.UTF_8),
              format,
              "CatBoost",
              Optional.empty(),
              Optional.empty());
      assertThatThrownBy(() -> Predictors.load(modelPackage))
          .isInstanceOf(ModelPackageException.class)
          .hasMessageContaining("model.cb");
    }
  }

  @Test
  void otherFormats_areUnsupported() throws Exception {
    ModelPackage modelPackage =
        write(content("binary.cbm"), "coreml", "CatBoost", Optional.empty(), Optional.empty());
    assertThatThrownBy(() -> Predictors.load(modelPackage))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("save_format coreml; cbm and json are read");
  }

  @Test
  void parallelPredict_equalsSerial() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try (Predictor predictor = load("text_labels", Optional.empty())) {
      Random random = new Random(3);
      List<Tensor> inputs = new ArrayList<>();
      List<Predictions> serial = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        float[] values = new float[(1 + i % 9) * 3];
        for (int j = 0; j < values.length; j++) {
          values[j] = random.nextFloat() * 4 - 2;
        }
        inputs.add(Tensor.ofFloats("x", Shape.of(1 + i % 9, 3), values));
        serial.add(predictor.predict(PredictRequest.of(inputs.get(i))));
      }
      List<Future<Predictions>> parallel = new ArrayList<>();
      for (int i = 0; i < 2_000; i++) {
        Tensor input = inputs.get(i % 100);
        parallel.add(threads.submit(() -> predictor.predict(PredictRequest.of(input))));
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
    for (int i = 0; i < 50; i++) {
      Predictor predictor = load("binary", Optional.empty());
      assertThat(predictor.predict(PredictRequest.of(features())).outputs()).hasSize(2);
      predictor.close();
      predictor.close();
      assertThatThrownBy(() -> predictor.predict(PredictRequest.of(features())))
          .isInstanceOf(IllegalStateException.class);
    }
  }
}
