package dev.slipway.engine.predictor.pmml;

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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PmmlPredictorTest {

  private static final int ROWS = 8;
  private static final int FIELDS = 3;

  @TempDir private Path folder;
  private int packages;

  private static JsonNode expected() throws IOException {
    return new ObjectMapper().readTree(TestModels.file("pmml/expected.json").toFile());
  }

  private static String text(String name) throws IOException {
    return Files.readString(TestModels.file("pmml/" + name + ".pmml"));
  }

  private ModelPackage write(String model, Optional<Schema> inputs, Optional<Schema> outputs) {
    Flavor flavor = new Flavor("pmml", Map.of("data", "model.pmml"));
    MLmodel.Builder mlmodel = MLmodel.builder().flavor(flavor);
    if (inputs.isPresent() || outputs.isPresent()) {
      mlmodel.signature(new ModelSignature(inputs, outputs, List.of()));
    }
    return ModelPackage.builder(mlmodel.build())
        .file("model.pmml", model.getBytes(StandardCharsets.UTF_8))
        .writeTo(folder.resolve("package" + packages++));
  }

  private Predictor load(String name) throws IOException {
    return Predictors.load(write(text(name), Optional.empty(), Optional.empty()));
  }

  /** Returns the rows that scikit-learn answered. */
  private static Tensor matrix() throws IOException {
    double[] values = new double[ROWS * FIELDS];
    int column = 0;
    for (JsonNode feature : expected().get("features")) {
      for (int row = 0; row < ROWS; row++) {
        values[row * FIELDS + column] = feature.get(row).doubleValue();
      }
      column++;
    }
    return Tensor.ofDoubles("x", Shape.of(ROWS, FIELDS), values);
  }

  @ParameterizedTest
  @ValueSource(strings = {"linear", "forest"})
  void everyRegression_answersAsScikitLearnDid(String name) throws Exception {
    JsonNode wanted = expected().get(name).get("predict");
    try (Predictor predictor = load(name)) {
      double[] answered =
          predictor.predict(PredictRequest.of(matrix())).output("predicted_target").toDoubles();
      for (int row = 0; row < ROWS; row++) {
        assertThat(answered[row]).isCloseTo(wanted.get(row).doubleValue(), within(1e-9));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"logistic", "tree", "boosting"})
  void everyClassifier_answersLabelsAndProbabilitiesAsScikitLearnDid(String name) throws Exception {
    JsonNode wanted = expected().get(name);
    try (Predictor predictor = load(name)) {
      Predictions answered = predictor.predict(PredictRequest.of(matrix()));
      Tensor labels = answered.output("predicted_target");
      for (int row = 0; row < ROWS; row++) {
        String label =
            labels.datatype() == DataType.INT64
                ? Long.toString(labels.toLongs()[row])
                : labels.toStrings()[row];
        assertThat(label).isEqualTo(wanted.get("predict").get(row).asText());
        for (int i = 0; i < wanted.get("labels").size(); i++) {
          String output = "probability_" + wanted.get("labels").get(i).asText();
          assertThat(answered.output(output).toDoubles()[row])
              .isCloseTo(wanted.get("probabilities").get(row).get(i).doubleValue(), within(1e-9));
        }
      }
    }
  }

  @Test
  void withoutSignature_tellsItsFields() throws Exception {
    try (Predictor predictor = load("tree")) {
      assertThat(predictor.platform()).isEqualTo("pmml4s_pmml");
      assertThat(predictor.batched()).isTrue();
      assertThat(predictor.inputs())
          .containsExactly(new TensorMetadata("features", DataType.FP64, Shape.of(-1, FIELDS)));
      assertThat(predictor.outputs())
          .containsExactly(
              new TensorMetadata("probability_high", DataType.FP64, Shape.of(-1)),
              new TensorMetadata("probability_low", DataType.FP64, Shape.of(-1)),
              new TensorMetadata("probability_mid", DataType.FP64, Shape.of(-1)),
              new TensorMetadata("predicted_target", DataType.BYTES, Shape.of(-1)));
      Tensor nothing = Tensor.ofDoubles("x", Shape.of(0, FIELDS));
      assertThat(predictor.predict(PredictRequest.of(nothing)).outputs()).hasSize(4);
    }
  }

  @Test
  void fieldsOfEveryType_takeTheirColumns() throws Exception {
    Schema columns =
        ColumnSchema.of(
            ColumnSpec.of("town", ScalarType.STRING),
            ColumnSpec.of("garden", ScalarType.BOOLEAN),
            ColumnSpec.of("rooms", ScalarType.LONG),
            ColumnSpec.of("height", ScalarType.FLOAT),
            ColumnSpec.of("nobody asked", ScalarType.STRING));
    ModelPackage signed = write(text("fields"), Optional.of(columns), Optional.empty());
    try (Predictor predictor = Predictors.load(signed);
        Predictor plain = load("fields")) {
      Tensor towns = Tensor.ofStrings("town", Shape.of(5), "Köln", "Ulm", "Bonn", "Bonn", "Bonn");
      Predictions answered =
          predictor.predict(
              PredictRequest.of(
                  towns,
                  Tensor.ofBooleans("garden", Shape.of(5), true, false, true, true, true),
                  Tensor.ofLongs("rooms", Shape.of(5), 1, 1, 3, 2, 2),
                  Tensor.ofFloats("height", Shape.of(5), 1, 1, 1, 11, 10),
                  Tensor.ofStrings("nobody asked", Shape.of(5), "", "", "", "", "")));
      assertThat(answered.output("predicted_sold").toStrings())
          .containsExactly("yes", "no", "yes", "yes", "no");
      assertThat(plain.inputs())
          .extracting(TensorMetadata::datatype)
          .containsExactly(DataType.BYTES, DataType.FP64, DataType.FP64, DataType.FP64);
      assertThat(
              plain
                  .predict(
                      PredictRequest.of(
                          towns,
                          Tensor.ofDoubles("garden", Shape.of(5), 1, 0, 1, 1, 1),
                          Tensor.ofDoubles("rooms", Shape.of(5), 1, 1, 3, 2, 2),
                          Tensor.ofDoubles("height", Shape.of(5), 1, 1, 1, 11, 10)))
                  .output("predicted_sold"))
          .isEqualTo(answered.output("predicted_sold"));
    }
  }

  @Test
  void rowWithoutAnAnswer_isNanInFloatingPoint_andRefusedElsewhere() throws Exception {
    double nan = Double.NaN;
    Tensor missing = Tensor.ofDoubles("x", Shape.of(2, FIELDS), 1, 2, 3, nan, nan, nan);
    try (Predictor linear = load("linear");
        Predictor tree = load("tree")) {
      double[] answered =
          linear.predict(PredictRequest.of(missing)).output("predicted_target").toDoubles();
      assertThat(answered[0]).isFinite();
      assertThat(answered[1]).isNaN();
      assertThatThrownBy(() -> tree.predict(PredictRequest.of(missing)))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("row 1");
      PredictRequest probability =
          new PredictRequest(List.of(missing), Map.of(), List.of("probability_low"));
      assertThat(tree.predict(probability).output("probability_low").toDoubles()[1]).isNaN();
    }
  }

  @Test
  void singleOutputOfAnotherName_isThePredictedValue() throws Exception {
    Schema whole = TensorSchema.of(TensorSpec.unnamed(DataType.INT32, Shape.of(-1, 1)));
    ModelPackage labels = write(text("boosting"), Optional.empty(), Optional.of(whole));
    try (Predictor predictor = Predictors.load(labels)) {
      Tensor answered = predictor.predict(PredictRequest.of(matrix())).output("predictions");
      assertThat(answered.shape()).isEqualTo(Shape.of(ROWS, 1));
      assertThat(answered.toInts()[0])
          .isEqualTo(expected().get("boosting").get("predict").get(0).intValue());
    }
    Schema floats = TensorSchema.of(TensorSpec.of("y", DataType.FP32, Shape.of(-1)));
    ModelPackage values = write(text("linear"), Optional.empty(), Optional.of(floats));
    try (Predictor predictor = Predictors.load(values)) {
      float[] answered = predictor.predict(PredictRequest.of(matrix())).output("y").toFloats();
      assertThat(answered[0])
          .isEqualTo(expected().get("linear").get("predict").get(0).floatValue());
    }
  }

  @Test
  void signatureThatContradictsTheModel_isRefusedAtLoad() throws Exception {
    List<Schema> inputs =
        List.of(
            TensorSchema.of(TensorSpec.unnamed(DataType.FP64, Shape.of(-1, 4))),
            ColumnSchema.of(
                ColumnSpec.of("height", ScalarType.DOUBLE),
                ColumnSpec.of("weight", ScalarType.DOUBLE)),
            ColumnSchema.of(
                ColumnSpec.of("height", ScalarType.DOUBLE),
                ColumnSpec.of("weight", ScalarType.STRING),
                ColumnSpec.of("age", ScalarType.DOUBLE)));
    for (Schema schema : inputs) {
      ModelPackage modelPackage = write(text("linear"), Optional.of(schema), Optional.empty());
      assertThatThrownBy(() -> Predictors.load(modelPackage))
          .isInstanceOf(ModelPackageException.class)
          .hasMessageContaining("signature.inputs");
    }
    List<Schema> outputs =
        List.of(
            TensorSchema.of(TensorSpec.unnamed(DataType.INT64, Shape.of(-1))),
            TensorSchema.of(TensorSpec.unnamed(DataType.FP64, Shape.of(-1, 2))),
            ColumnSchema.of(
                ColumnSpec.of("predicted_target", ScalarType.DOUBLE),
                ColumnSpec.of("other", ScalarType.DOUBLE)));
    for (Schema schema : outputs) {
      ModelPackage modelPackage = write(text("linear"), Optional.empty(), Optional.of(schema));
      assertThatThrownBy(() -> Predictors.load(modelPackage))
          .isInstanceOf(ModelPackageException.class)
          .hasMessageContaining("signature.outputs");
    }
  }

  @Test
  void fileCutOffAnywhere_isRefused() throws Exception {
    String whole = text("tree").strip();
    for (int length = 0; length < whole.length(); length += 37) {
      String cut = whole.substring(0, length);
      assertThatThrownBy(() -> PmmlFile.parse(cut, "model.pmml"))
          .as("cut off at %d", length)
          .isInstanceOf(ModelPackageException.class)
          .hasMessageContaining("model.pmml");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "not a model",
        "<html/>",
        "<PMML/>",
        "<PMML xmlns=\"http://www.dmg.org/PMML-4_4\" version=\"4.4\"><Header/></PMML>"
      })
  void fileOfSomethingElse_isRefused(String content) {
    ModelPackage modelPackage = write(content, Optional.empty(), Optional.empty());
    assertThatThrownBy(() -> Predictors.load(modelPackage))
        .isInstanceOf(ModelPackageException.class)
        .hasMessageContaining("model.pmml");
  }

  @Test
  void documentType_isRefusedBeforeItsEntitiesAreFollowed() throws Exception {
    String secret = folder.toUri() + "secret";
    String model =
        text("linear")
            .replace(
                "<PMML ", "<!DOCTYPE PMML [<!ENTITY secret SYSTEM \"" + secret + "\">]>\n<PMML ")
            .replace("Default description", "&secret;");
    assertThat(model).contains("ENTITY").contains("&secret;");
    ModelPackage modelPackage = write(model, Optional.empty(), Optional.empty());
    assertThatThrownBy(() -> Predictors.load(modelPackage))
        .isInstanceOf(ModelPackageException.class)
        .hasMessageContaining("document type");
  }

  @Test
  void elementsWithoutEnd_areRefusedAndNotTheEndOfTheProcess() throws Exception {
    String node = "<Node score=\"no\"><True/>";
    String model =
        text("fields")
            .replace("<Node id=\"0\" score=\"no\">", node.repeat(50_000) + "<Node score=\"no\">")
            .replace("</TreeModel>", "</Node>".repeat(50_000) + "</TreeModel>");
    ModelPackage modelPackage = write(model, Optional.empty(), Optional.empty());
    assertThatThrownBy(() -> Predictors.load(modelPackage))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("nests too deeply");
  }

  @Test
  void fieldsOfOtherTypes_areUnsupported() throws Exception {
    String model =
        text("linear")
            .replace(
                "<DataField name=\"age\" optype=\"continuous\" dataType=\"double\"/>",
                "<DataField name=\"age\" optype=\"continuous\" dataType=\"dateDaysSince[1970]\"/>");
    ModelPackage modelPackage = write(model, Optional.empty(), Optional.empty());
    assertThatThrownBy(() -> Predictors.load(modelPackage))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("field age");
  }

  @Test
  void parallelPredict_equalsSerial() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    Tensor rows = matrix();
    try (Predictor predictor = load("logistic");
        Predictor reference = load("logistic")) {
      Predictions serial = reference.predict(PredictRequest.of(rows));
      List<Future<Predictions>> parallel = new ArrayList<>();
      for (int i = 0; i < 64; i++) {
        parallel.add(threads.submit(() -> predictor.predict(PredictRequest.of(rows))));
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
    Predictor predictor = load("linear");
    Tensor rows = matrix();
    predictor.close();
    assertThatThrownBy(() -> predictor.predict(PredictRequest.of(rows)))
        .isInstanceOf(IllegalStateException.class);
  }
}
