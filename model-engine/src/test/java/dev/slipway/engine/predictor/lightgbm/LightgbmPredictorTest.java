package dev.slipway.engine.predictor.lightgbm;

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
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LightgbmPredictorTest {

  private static final int FEATURES = 3;
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path folder;
  private int packages;

  private static String text(String name) throws IOException {
    return Files.readString(TestModels.file("lightgbm/" + name + ".lgb"));
  }

  private ModelPackage write(String model, Optional<Schema> inputs, Optional<Schema> outputs) {
    Flavor flavor = new Flavor("lightgbm", Map.of("data", "model.lgb", "lgb_version", "4.7.0"));
    MLmodel.Builder mlmodel = MLmodel.builder().flavor(flavor);
    if (inputs.isPresent() || outputs.isPresent()) {
      mlmodel.signature(new ModelSignature(inputs, outputs, List.of()));
    }
    return ModelPackage.builder(mlmodel.build())
        .file("model.lgb", model.getBytes(StandardCharsets.UTF_8))
        .writeTo(folder.resolve("package" + packages++));
  }

  private Predictor load(String name) throws IOException {
    return Predictors.load(write(text(name), Optional.empty(), Optional.empty()));
  }

  private static Tensor matrix(double... values) {
    return Tensor.ofDoubles("x", Shape.of(values.length / FEATURES, FEATURES), values);
  }

  private static double[] answer(Predictor predictor, Tensor... inputs) {
    return predictor.predict(PredictRequest.of(inputs)).output("predictions").toDoubles();
  }

  private static double[] expectedFeatures() throws IOException {
    JsonNode rows = JSON.readTree(TestModels.file("lightgbm/expected.json").toFile());
    List<Double> values = new ArrayList<>();
    for (JsonNode row : rows.get("features")) {
      row.forEach(value -> values.add(value.isTextual() ? Double.NaN : value.doubleValue()));
    }
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "regression",
        "binary",
        "counts",
        "softmax",
        "one_vs_all",
        "dart",
        "forest",
        "linear",
        "constant",
        "categorical"
      })
  void everyObjective_answersAsPythonDid(String name) throws Exception {
    JsonNode rows = JSON.readTree(TestModels.file("lightgbm/expected.json").toFile()).get(name);
    try (Predictor predictor = load(name)) {
      double[] answered = answer(predictor, matrix(expectedFeatures()));
      int width = rows.get(0).size();
      assertThat(answered).hasSize(rows.size() * width);
      for (int i = 0; i < answered.length; i++) {
        assertThat(answered[i])
            .isCloseTo(rows.get(i / width).get(i % width).doubleValue(), within(1e-12));
      }
    }
  }

  @Test
  void modelOfLightgbm3_answersAsItDid() throws Exception {
    JsonNode expected = JSON.readTree(TestModels.file("lightgbm/format_v3.expected.json").toFile());
    double[] features = expectedFeatures();
    try (Predictor predictor = load("format_v3")) {
      double[] answered = answer(predictor, matrix(features));
      // The fourth row differs: its second feature was changed for the model with categories.
      for (int row : new int[] {0, 1, 2, 4, 5}) {
        assertThat(answered[row]).isCloseTo(expected.get(row).doubleValue(), within(1e-12));
      }
    }
  }

  @Test
  void withoutSignature_oneMatrixIn_onePredictionsTensorOut() throws Exception {
    try (Predictor predictor = load("softmax")) {
      assertThat(predictor.platform()).isEqualTo("lightgbm_text");
      assertThat(predictor.batched()).isTrue();
      assertThat(predictor.inputs())
          .containsExactly(new TensorMetadata("features", DataType.FP64, Shape.of(-1, FEATURES)));
      assertThat(predictor.outputs())
          .containsExactly(new TensorMetadata("predictions", DataType.FP64, Shape.of(-1, 3)));
      Tensor nothing = predictor.predict(PredictRequest.of(matrix())).output("predictions");
      assertThat(nothing.shape()).isEqualTo(Shape.of(0, 3));
      assertThatThrownBy(
              () ->
                  predictor.predict(PredictRequest.of(Tensor.ofDoubles("x", Shape.of(1, 2), 1, 2))))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("inputs[0].shape");
    }
  }

  @Test
  void matrixOfColumns_inFloatsOrDoubles_givesWhatTheColumnsGive() {
    try (Predictor predictor = Predictors.load(TestModels.mlflow("lightgbm-classifier"))) {
      Tensor[] columns = {
        Tensor.ofDoubles("c", Shape.of(2), 1.5, -0.5), Tensor.ofDoubles("a", Shape.of(2), 0.5, -1.5)
      };
      var expected = predictor.predict(PredictRequest.of(columns));
      double nan = Double.NaN;
      assertThat(predictor.predict(PredictRequest.of(matrix(0.5, nan, 1.5, -1.5, nan, -0.5))))
          .isEqualTo(expected);
      float none = Float.NaN;
      Tensor floats = Tensor.ofFloats("x", Shape.of(2, 3), 0.5f, none, 1.5f, -1.5f, none, -0.5f);
      assertThat(predictor.predict(PredictRequest.of(floats))).isEqualTo(expected);
      assertThat(expected.output("predictions").toLongs()).containsExactly(1, 0);
    }
  }

  @Test
  void columns_areMatchedByName_orByOrderWhereTheModelHasNoNames() throws Exception {
    String named = text("regression").replace("Column_0 Column_1 Column_2", "a b the_c");
    Schema reversed =
        ColumnSchema.of(
            ColumnSpec.of("the c", ScalarType.DOUBLE),
            ColumnSpec.of("b", ScalarType.DOUBLE),
            ColumnSpec.of("a", ScalarType.DOUBLE));
    double[] row = {-1, 0.3, 2};
    double[] backwards = {2, 0.3, -1};
    try (Predictor plain = load("regression");
        Predictor byName = Predictors.load(write(named, Optional.of(reversed), Optional.empty()));
        Predictor byOrder =
            Predictors.load(write(text("regression"), Optional.of(reversed), Optional.empty()))) {
      assertThat(answer(plain, matrix(row))).isNotEqualTo(answer(plain, matrix(backwards)));
      assertThat(answer(byName, matrix(backwards))).isEqualTo(answer(plain, matrix(row)));
      assertThat(answer(byOrder, matrix(row))).isEqualTo(answer(plain, matrix(row)));
    }
  }

  @Test
  void categoryThatTheModelNeverSaw_isMissing() {
    try (Predictor predictor = Predictors.load(TestModels.mlflow("lightgbm-booster"))) {
      double[] unknown = towns(predictor, "Paris", 2005);
      assertThat(unknown).isEqualTo(towns(predictor, "", 2005));
      assertThat(unknown).isNotEqualTo(towns(predictor, "Köln", 2005));
      double[] never = towns(predictor, "Bonn", 1789);
      assertThat(never).isEqualTo(towns(predictor, "Bonn", -1));
      assertThat(never).isNotEqualTo(towns(predictor, "Bonn", 2005));
    }
  }

  private static double[] towns(Predictor predictor, String town, long year) {
    return answer(
        predictor,
        Tensor.ofDoubles("body height", Shape.of(1), 0.1),
        Tensor.ofStrings("town", Shape.of(1), town),
        Tensor.ofLongs("year", Shape.of(1), year),
        Tensor.ofDoubles("weight", Shape.of(1), 0.1));
  }

  @Test
  void signatureThatContradictsTheModel_isRefusedAtLoad() throws Exception {
    String model = text("softmax");
    List<Schema> inputs =
        List.of(
            TensorSchema.of(TensorSpec.unnamed(DataType.FP64, Shape.of(-1, 5))),
            TensorSchema.of(TensorSpec.unnamed(DataType.BYTES, Shape.of(-1, FEATURES))),
            ColumnSchema.of(ColumnSpec.of("a", ScalarType.DOUBLE)),
            ColumnSchema.of(
                ColumnSpec.of("a", ScalarType.DOUBLE),
                ColumnSpec.of("b", ScalarType.STRING),
                ColumnSpec.of("c", ScalarType.DOUBLE)));
    for (Schema schema : inputs) {
      ModelPackage modelPackage = write(model, Optional.of(schema), Optional.empty());
      assertThatThrownBy(() -> Predictors.load(modelPackage))
          .isInstanceOf(ModelPackageException.class)
          .hasMessageContaining("signature.inputs");
    }
    Schema outputs = TensorSchema.of(TensorSpec.unnamed(DataType.FP64, Shape.of(-1)));
    ModelPackage modelPackage = write(model, Optional.empty(), Optional.of(outputs));
    assertThatThrownBy(() -> Predictors.load(modelPackage))
        .isInstanceOf(ModelPackageException.class)
        .hasMessageContaining("signature.outputs");
    Schema numbers =
        ColumnSchema.of(
            ColumnSpec.of("body height", ScalarType.DOUBLE),
            ColumnSpec.of("town", ScalarType.LONG),
            ColumnSpec.of("year", ScalarType.LONG),
            ColumnSpec.of("weight", ScalarType.DOUBLE));
    String towns = Files.readString(TestModels.mlflow("lightgbm-booster").file("model.lgb"));
    ModelPackage codes = write(towns, Optional.of(numbers), Optional.empty());
    assertThatThrownBy(() -> Predictors.load(codes))
        .isInstanceOf(ModelPackageException.class)
        .hasMessageContaining("trained on text");
  }

  @Test
  void pickledModel_isUnsupportedUnlessItsTextIsThere() {
    Flavor flavor =
        new Flavor(
            "lightgbm",
            Map.of("data", "model.pkl", "model_class", "lightgbm.sklearn.LGBMRegressor"));
    ModelPackage modelPackage =
        ModelPackage.builder(MLmodel.builder().flavor(flavor).build())
            .file("model.pkl", new byte[] {1})
            .writeTo(folder.resolve("pickled"));
    assertThatThrownBy(() -> Predictors.load(modelPackage))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("model.pkl is a lightgbm.sklearn.LGBMRegressor")
        .hasMessageContaining("add the file model.lgb");
  }

  @Test
  void fileCutOffAnywhere_isRefused() throws Exception {
    for (String name : List.of("categorical", "linear")) {
      String whole = text(name);
      int end = whole.indexOf("end of parameters\n") + "end of parameters\n".length();
      for (int length = 0; length < end; length += 7) {
        String cut = whole.substring(0, length);
        boolean importances =
            cut.contains("end of trees\n") && !cut.contains("parameters") && cut.endsWith("\n");
        if (!importances) {
          assertThatThrownBy(() -> LightgbmModelFile.parse(cut, "model.lgb"))
              .as("%s cut off at %d", name, length)
              .isInstanceOf(ModelPackageException.class)
              .hasMessageContaining("model.lgb");
        }
      }
    }
  }

  /** Most of these make LightGBM itself read beyond its memory or go round in circles. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "regression|left_child|0 2 -1|cannot be",
        "regression|left_child|1 9 -1|cannot be",
        "regression|left_child|1 2 -9|cannot be",
        "regression|right_child|-2 -3|right_child has 2 values instead of 3",
        "regression|right_child|-2 -3 x|right_child has \"x\"",
        "regression|split_feature|0 0 3|split_feature has 3",
        "regression|split_feature|0 0 -1|split_feature has -1",
        "regression|num_leaves|400|leaf_value has 4",
        "regression|num_leaves|0|num_leaves is 0",
        "regression|max_feature_idx|1|3 feature_names for 2 features",
        "regression|tree_sizes|465 483 496 481|do not lead to the line Tree=1",
        "regression|tree_sizes|99999 9 9 9|do not lead to the line Tree=0",
        "softmax|num_class|2|contradict",
        "softmax|objective|multiclass num_class:9|contradict",
        "softmax|tree_sizes|1 2|2 trees, which 3 classes cannot share",
        "categorical|num_cat|9|cat_boundaries has 3 values instead of 10",
        "categorical|threshold|0 2 0.1|splits by a set of categories that is missing",
        "categorical|threshold|nan 1 0.1|splits by a set of categories that is missing",
        "categorical|cat_boundaries|0 1 7|cat_threshold has 2 values instead of 7",
        "categorical|cat_boundaries|0 3 2|do not ascend",
        "linear|num_features|9 0 0 0|values instead of 9",
        "linear|num_features|-1 0 0 0|num_features has -1"
      })
  void modelThatContradictsItself_isRefused(String name, String key, String value, String message)
      throws Exception {
    ModelPackage modelPackage =
        write(changed(text(name), key, value), Optional.empty(), Optional.empty());
    assertThatThrownBy(() -> Predictors.load(modelPackage))
        .isInstanceOf(ModelPackageException.class)
        .hasMessageContaining("model.lgb")
        .hasMessageContaining(message);
  }

  /** Changes the first line of a key, and the size of the first tree with it. */
  private static String changed(String text, String key, String value) {
    int start = text.indexOf("\n" + key + "=") + 1;
    int end = text.indexOf('\n', start);
    String line = key + "=" + value;
    String changed = text.substring(0, start) + line + text.substring(end);
    if (start < text.indexOf("Tree=0")) {
      return changed;
    }
    int sizes = text.indexOf("\ntree_sizes=") + "\ntree_sizes=".length();
    int space = text.indexOf(' ', sizes);
    int size = Integer.parseInt(text.substring(sizes, space)) + line.length() - (end - start);
    return changed.substring(0, sizes) + size + changed.substring(space);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "not a model", "tree\n", "tree\nend of trees\n", "{\"learner\":{}}"})
  void fileOfSomethingElse_isRefused(String content) {
    ModelPackage modelPackage = write(content, Optional.empty(), Optional.empty());
    assertThatThrownBy(() -> Predictors.load(modelPackage))
        .isInstanceOf(ModelPackageException.class)
        .hasMessageContaining("model.lgb is not a whole LightGBM text model");
  }

  @Test
  void formatThatNobodyCompared_isUnsupported() throws Exception {
    ModelPackage modelPackage =
        write(
            text("regression").replace("version=v4", "version=v5"),
            Optional.empty(),
            Optional.empty());
    assertThatThrownBy(() -> Predictors.load(modelPackage))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("version v5; v3 and v4");
  }

  @Test
  void parallelPredict_equalsSerial() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try (Predictor predictor = load("softmax")) {
      List<Tensor> inputs = new ArrayList<>();
      List<double[]> serial = new ArrayList<>();
      Random random = new Random(4);
      for (int i = 0; i < 100; i++) {
        inputs.add(matrix(random.doubles((1 + i % 9) * (long) FEATURES, -2, 2).toArray()));
        serial.add(answer(predictor, inputs.get(i)));
      }
      List<Future<double[]>> parallel = new ArrayList<>();
      for (int i = 0; i < 2_000; i++) {
        Tensor input = inputs.get(i % 100);
        parallel.add(threads.submit(() -> answer(predictor, input)));
      }
      for (int i = 0; i < parallel.size(); i++) {
        assertThat(parallel.get(i).get()).isEqualTo(serial.get(i % 100));
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void matrixCall_answersAsTheFastCallDoes() throws Exception {
    int rows = 30_000;
    double[] values = new Random(4).doubles((long) rows * FEATURES, -2, 2).toArray();
    LightgbmModelFile model = LightgbmModelFile.parse(text("softmax"), "model.lgb");
    try (LightgbmBooster booster = LightgbmBooster.load(model, "model.lgb")) {
      assertThat(booster.predictMatrix(values, rows)).isEqualTo(booster.predict(values, rows));
      assertThat(booster.predictMatrix(values, 1))
          .isEqualTo(booster.predict(Arrays.copyOf(values, FEATURES), 1));
    }
  }

  @Test
  void fiftyLoadsAndCloses_work() throws Exception {
    ModelPackage modelPackage = write(text("softmax"), Optional.empty(), Optional.empty());
    for (int i = 0; i < 50; i++) {
      Predictor predictor = Predictors.load(modelPackage);
      assertThat(answer(predictor, matrix(1, 2, 3))).hasSize(3);
      predictor.close();
      predictor.close();
      assertThatThrownBy(() -> predictor.predict(PredictRequest.of(matrix(1, 2, 3))))
          .isInstanceOf(IllegalStateException.class);
    }
  }
}
