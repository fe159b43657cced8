package dev.slipway.engine.predictor.mojo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.slipway.engine.TestModels;
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
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MojoPredictorTest {

  private static final int ROWS = 8;

  @TempDir private Path folder;
  private int packages;

  private static JsonNode expected() throws IOException {
    return new ObjectMapper().readTree(TestModels.file("mojo/expected.json").toFile());
  }

  private static byte[] content(String name) throws IOException {
    return Files.readAllBytes(TestModels.file("mojo/" + name + ".zip"));
  }

  private ModelPackage write(byte[] model, Optional<Schema> inputs, Optional<Schema> outputs) {
    Flavor flavor = new Flavor("mojo", Map.of("data", "model.zip"));
    MLmodel.Builder mlmodel = MLmodel.builder().flavor(flavor);
    if (inputs.isPresent() || outputs.isPresent()) {
      mlmodel.signature(new ModelSignature(inputs, outputs, List.of()));
    }
    return ModelPackage.builder(mlmodel.build())
        .file("model.zip", model)
        .writeTo(folder.resolve("package" + packages++));
  }

  private Predictor load(String name) throws IOException {
    return Predictors.load(write(content(name), Optional.empty(), Optional.empty()));
  }

  /** Returns the columns that a model takes, of the rows that H2O answered. */
  private static Tensor[] features(Predictor predictor) throws IOException {
    JsonNode columns = expected().get("features");
    return predictor.inputs().stream()
        .map(input -> tensor(input, columns.get(input.name())))
        .toArray(Tensor[]::new);
  }

  private static Tensor tensor(TensorMetadata input, JsonNode values) {
    Shape shape = Shape.of(ROWS);
    if (input.datatype() == DataType.BYTES) {
      String[] texts = new String[ROWS];
      Arrays.setAll(texts, i -> values.get(i).asText());
      return Tensor.ofStrings(input.name(), shape, texts);
    }
    double[] numbers = new double[ROWS];
    Arrays.setAll(numbers, i -> values.get(i).isNull() ? Double.NaN : values.get(i).asDouble());
    return Tensor.ofDoubles(input.name(), shape, numbers);
  }

  private static double[] numbers(JsonNode column) {
    double[] numbers = new double[column.size()];
    Arrays.setAll(numbers, i -> column.get(i).doubleValue());
    return numbers;
  }

  @ParameterizedTest
  @ValueSource(strings = {"gbm_regression", "gbm_poisson", "deep"})
  void everyRegression_answersAsH2oDid(String name) throws Exception {
    double[] wanted = numbers(expected().get(name).get("predict"));
    try (Predictor predictor = load(name)) {
      double[] answered =
          predictor
              .predict(PredictRequest.of(features(predictor)))
              .output("predictions")
              .toDoubles();
      assertThat(answered).containsExactly(wanted, within(1e-6));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gbm_binomial", "gbm_multinomial", "forest", "glm"})
  void everyClassifier_answersLabelsAndProbabilitiesAsH2oDid(String name) throws Exception {
    JsonNode wanted = expected().get(name);
    try (Predictor predictor = load(name)) {
      Predictions answered = predictor.predict(PredictRequest.of(features(predictor)));
      Tensor labels = answered.output("predictions");
      double[] probabilities = answered.output("probabilities").toDoubles();
      int classes = wanted.size() - 1;
      List<JsonNode> columns = new ArrayList<>();
      wanted.forEach(columns::add);
      for (int row = 0; row < ROWS; row++) {
        String label =
            labels.datatype() == DataType.INT64
                ? Long.toString(labels.toLongs()[row])
                : labels.toStrings()[row];
        assertThat(label).isEqualTo(columns.get(0).get(row).asText());
        for (int i = 0; i < classes; i++) {
          assertThat(probabilities[row * classes + i])
              .isCloseTo(columns.get(i + 1).get(row).doubleValue(), within(1e-6));
        }
      }
    }
  }

  @Test
  void clusters_areWholeNumbersOfOneMatrix() throws Exception {
    try (Predictor predictor = load("kmeans")) {
      assertThat(predictor.inputs())
          .containsExactly(new TensorMetadata("features", DataType.FP64, Shape.of(-1, 2)));
      assertThat(predictor.outputs())
          .containsExactly(new TensorMetadata("predictions", DataType.INT64, Shape.of(-1)));
      JsonNode columns = expected().get("features");
      double[] matrix = new double[ROWS * 2];
      for (int row = 0; row < ROWS; row++) {
        JsonNode height = columns.get("height").get(row);
        matrix[row * 2] = height.isNull() ? Double.NaN : height.doubleValue();
        matrix[row * 2 + 1] = columns.get("rooms").get(row).doubleValue();
      }
      // H2O keeps the features in the order of the frame that it trained on.
      double[] wanted = numbers(expected().get("kmeans").get("predict"));
      long[] answered =
          predictor
              .predict(PredictRequest.of(Tensor.ofDoubles("x", Shape.of(ROWS, 2), matrix)))
              .output("predictions")
              .toLongs();
      assertThat(Arrays.stream(answered).asDoubleStream().toArray()).isEqualTo(wanted);
    }
  }

  @Test
  void withoutSignature_factorsAreText() throws Exception {
    try (Predictor predictor = load("gbm_binomial")) {
      assertThat(predictor.platform()).isEqualTo("h2o_mojo");
      assertThat(predictor.batched()).isTrue();
      assertThat(predictor.inputs())
          .containsExactly(
              new TensorMetadata("height", DataType.FP64, Shape.of(-1)),
              new TensorMetadata("town", DataType.BYTES, Shape.of(-1)),
              new TensorMetadata("rooms", DataType.FP64, Shape.of(-1)),
              new TensorMetadata("garden", DataType.BYTES, Shape.of(-1)));
      assertThat(predictor.outputs())
          .containsExactly(
              new TensorMetadata("predictions", DataType.BYTES, Shape.of(-1)),
              new TensorMetadata("probabilities", DataType.FP64, Shape.of(-1, 2)));
    }
  }

  @Test
  void levelThatTrainingNeverSaw_isMissing_andColumnsMayBeLeftOut() throws Exception {
    try (Predictor predictor = load("gbm_regression")) {
      double paris = price(predictor, "Paris", true);
      assertThat(paris).isEqualTo(price(predictor, "Atlantis", true));
      assertThat(paris).isNotEqualTo(price(predictor, "Köln", true));
      assertThat(price(predictor, "Köln", false)).isNotEqualTo(price(predictor, "Köln", true));
    }
  }

  private static double price(Predictor predictor, String town, boolean height) {
    List<Tensor> inputs = new ArrayList<>();
    inputs.add(Tensor.ofStrings("town", Shape.of(1), town));
    inputs.add(Tensor.ofStrings("garden", Shape.of(1), "yes"));
    inputs.add(Tensor.ofDoubles("rooms", Shape.of(1), 2));
    if (height) {
      inputs.add(Tensor.ofDoubles("height", Shape.of(1), 1.8));
    }
    return predictor.predict(PredictRequest.of(inputs)).output("predictions").toDoubles()[0];
  }

  @Test
  void signatureThatContradictsTheModel_isRefusedAtLoad() throws Exception {
    List<Schema> inputs =
        List.of(
            TensorSchema.of(TensorSpec.unnamed(DataType.FP64, Shape.of(-1, 4))),
            columns(ScalarType.DOUBLE, "town", ScalarType.STRING, ScalarType.DOUBLE),
            columns(ScalarType.STRING, "town", ScalarType.STRING, ScalarType.STRING),
            columns(ScalarType.DOUBLE, "city", ScalarType.STRING, ScalarType.STRING));
    for (Schema schema : inputs) {
      ModelPackage modelPackage =
          write(content("gbm_binomial"), Optional.of(schema), Optional.empty());
      assertThatThrownBy(() -> Predictors.load(modelPackage))
          .isInstanceOf(ModelPackageException.class)
          .hasMessageContaining("signature.inputs");
    }
    Schema outputs = TensorSchema.of(TensorSpec.unnamed(DataType.INT64, Shape.of(-1)));
    ModelPackage modelPackage =
        write(content("gbm_binomial"), Optional.empty(), Optional.of(outputs));
    assertThatThrownBy(() -> Predictors.load(modelPackage))
        .isInstanceOf(ModelPackageException.class)
        .hasMessageContaining("signature.outputs");
  }

  private static Schema columns(
      ScalarType height, String town, ScalarType townType, ScalarType garden) {
    return ColumnSchema.of(
        ColumnSpec.of("height", height),
        ColumnSpec.of(town, townType),
        ColumnSpec.of("rooms", ScalarType.LONG),
        ColumnSpec.of("garden", garden));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4, 100, 5000, -1})
  void fileCutOff_isRefused(int length) throws Exception {
    byte[] whole = content("gbm_binomial");
    byte[] cut = Arrays.copyOf(whole, length < 0 ? whole.length + length : length);
    ModelPackage modelPackage = write(cut, Optional.empty(), Optional.empty());
    assertThatThrownBy(() -> Predictors.load(modelPackage))
        .isInstanceOf(ModelPackageException.class)
        .hasMessageContaining("model.zip");
  }

  @Test
  void fileThatUnpacksToMoreThanItDeclares_isRefused() throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      zip.putNextEntry(new ZipEntry("model.ini"));
      zip.putNextEntry(new ZipEntry("trees"));
      zip.write(new byte[1 << 20]);
    }
    ByteBuffer file = ByteBuffer.wrap(bytes.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
    int directory = file.getInt(file.limit() - ZipFile.ENDHDR + ZipFile.ENDOFF);
    int second = directory + ZipFile.CENHDR + "model.ini".length();
    assertThat(file.getInt(second + ZipFile.CENLEN)).isEqualTo(1 << 20);
    file.putInt(second + ZipFile.CENLEN, 10);
    ModelPackage modelPackage = write(file.array(), Optional.empty(), Optional.empty());
    Flavor flavor = new Flavor("mojo", Map.of("data", "model.zip"));

    assertThatThrownBy(() -> new MojoPredictorProvider(100_000).load(modelPackage, flavor))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("model.zip unpacks to more than");
  }

  @Test
  void fileWithAnotherByteInEveryPlace_isRefusedOrAnswers() throws Exception {
    byte[] whole = content("gbm_binomial");
    for (int place = 0; place < whole.length; place += 101) {
      byte[] changed = whole.clone();
      changed[place] ^= 0x15;
      ModelPackage modelPackage = write(changed, Optional.empty(), Optional.empty());
      try (Predictor predictor = Predictors.load(modelPackage)) {
        assertThat(predictor.predict(PredictRequest.of(features(predictor))).outputs()).hasSize(2);
      } catch (ModelPackageException e) {
        assertThat(e).hasMessageContaining("model.zip");
      }
    }
  }

  @Test
  void formatsOfH2oItself_areRefusedWithWhatWouldDo() {
    MLmodel mlmodel =
        MLmodel.builder().flavor(new Flavor("h2o", Map.of("data", "model.h2o"))).build();
    ModelPackage modelPackage =
        ModelPackage.builder(mlmodel)
            .file("model.h2o/h2o.yaml", new byte[] {1})
            .writeTo(folder.resolve("binary"));
    assertThatThrownBy(() -> Predictors.load(modelPackage))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("model.h2o is H2O's own format")
        .hasMessageContaining("save_mojo");
  }

  @Test
  void parallelPredict_equalsSerial() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try (Predictor predictor = load("gbm_multinomial")) {
      Tensor[] inputs = features(predictor);
      Predictions serial = predictor.predict(PredictRequest.of(inputs));
      List<Future<Predictions>> parallel = new ArrayList<>();
      for (int i = 0; i < 500; i++) {
        parallel.add(threads.submit(() -> predictor.predict(PredictRequest.of(inputs))));
      }
      for (Future<Predictions> answer : parallel) {
        assertThat(answer.get()).isEqualTo(serial);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void closedPredictor_refuses() throws Exception {
    Predictor predictor = load("gbm_regression");
    Tensor[] inputs = features(predictor);
    predictor.close();
    predictor.close();
    assertThatThrownBy(() -> predictor.predict(PredictRequest.of(inputs)))
        .isInstanceOf(IllegalStateException.class);
  }
}
