package dev.slipway.engine.predictor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.engine.TestModels;
import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.error.UnsupportedModelException;
import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.GoldenCase;
import dev.slipway.engine.packaging.GoldenRequests;
import dev.slipway.engine.packaging.GoldenResult;
import dev.slipway.engine.packaging.MLmodel;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.signature.SignatureChecks;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.TensorMetadata;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PredictorsTest {

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "catboost-classifier",
        "catboost-regressor",
        "h2o-mojo",
        "pmml",
        "onnx",
        "lightgbm-booster",
        "lightgbm-classifier",
        "xgboost-booster",
        "xgboost-classifier"
      })
  void load_ofWhatMlflowWrote_answersAsPythonDid(String name) {
    ModelPackage modelPackage = TestModels.mlflow(name);
    try (Predictor predictor = Predictors.load(modelPackage)) {
      List<GoldenResult> results = GoldenCheck.run(predictor, modelPackage.goldenRequests());
      assertThat(results)
          .isNotEmpty()
          .allSatisfy(result -> assertThat(result.problems()).isEmpty());
      assertThat(results).allMatch(result -> result.maxAbsoluteDeviation() < 1e-6);
      assertThat(predictor.batched()).isTrue();
    }
  }

  @Test
  void goldenCheck_reportsAFailedPredictionAsAFailedCase() {
    ModelPackage wrong = TestModels.mlflow("xgboost-booster");
    try (Predictor predictor = Predictors.load(TestModels.mlflow("onnx"))) {
      assertThat(GoldenCheck.run(predictor, wrong.goldenRequests()))
          .singleElement()
          .satisfies(
              result ->
                  assertThat(result.problems()).singleElement().asString().contains("inputs[0]"));
    }
  }

  @Test
  void goldenCheck_reportsAnAnswerThatIsNotAsDeclared() {
    ModelPackage modelPackage = TestModels.mlflow("onnx");
    GoldenCase golden = modelPackage.goldenRequests().cases().get(0);
    String output = golden.outputs().get(0).name();
    TensorMetadata declared = new TensorMetadata(output, DataType.INT8, Shape.of(Shape.ANY));
    try (Predictor predictor = new Declaring(Predictors.load(modelPackage), List.of(declared))) {
      assertThat(GoldenCheck.run(predictor, GoldenRequests.of(golden)))
          .singleElement()
          .satisfies(
              result ->
                  assertThat(result.problems())
                      .singleElement()
                      .asString()
                      .contains("output \"" + output + "\" should be INT8 [-1]"));
    }
  }

  /** Declares other outputs than its engine gives. */
  private record Declaring(Predictor engine, List<TensorMetadata> outputs) implements Predictor {
    @Override
    public String platform() {
      return engine.platform();
    }

    @Override
    public SignatureChecks inputChecks() {
      return engine.inputChecks();
    }

    @Override
    public Predictions predict(PredictRequest request) {
      return engine.predict(request);
    }

    @Override
    public void close() {
      engine.close();
    }
  }

  @Test
  void flavors_areThoseOnTheClassPath() {
    assertThat(Predictors.flavors())
        .containsExactly("catboost", "h2o", "lightgbm", "mojo", "onnx", "pmml", "xgboost");
  }

  @Test
  void load_withoutAnEngine_listsFlavorsAndEngines() throws Exception {
    Files.writeString(folder.resolve("MLmodel"), "flavors: {sklearn: {}, python_function: {}}");
    ModelPackage modelPackage = ModelPackage.read(folder);
    assertThatThrownBy(() -> Predictors.load(modelPackage))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("[python_function, sklearn]")
        .hasMessageContaining("[catboost, h2o, lightgbm, mojo, onnx, pmml, xgboost]");
  }

  @Test
  void load_prefersTheHighestPreference() {
    MLmodel mlmodel =
        MLmodel.builder()
            .flavor(new Flavor("native", Map.of()))
            .flavor(new Flavor("wrapper", Map.of()))
            .build();
    ModelPackage modelPackage = ModelPackage.builder(mlmodel).writeTo(folder.resolve("p"));
    List<PredictorProvider> providers = List.of(new Named("native", 0), new Named("wrapper", -1));
    assertThatThrownBy(() -> Predictors.load(modelPackage, providers)).hasMessage("native");
  }

  @Test
  void load_passesOverAnEngineThatDoesNotReadThePackage_unlessThereIsNoOther() {
    MLmodel mlmodel =
        MLmodel.builder()
            .flavor(new Flavor("native", Map.of()))
            .flavor(new Flavor("wrapper", Map.of()))
            .build();
    ModelPackage modelPackage = ModelPackage.builder(mlmodel).writeTo(folder.resolve("p"));
    PredictorProvider blind = new Named("native", 0, false);
    assertThatThrownBy(
            () -> Predictors.load(modelPackage, List.of(blind, new Named("wrapper", -1))))
        .hasMessage("wrapper");
    assertThatThrownBy(() -> Predictors.load(modelPackage, List.of(blind))).hasMessage("native");
  }

  @ParameterizedTest
  @CsvSource({
    "pytorch, engines/pytorch",
    "tensorflow, engines/tensorflow",
    "keras, engines/tensorflow"
  })
  void load_withoutAnOptionalEngine_saysWhichModuleHasIt(String flavor, String module)
      throws Exception {
    Files.writeString(
        folder.resolve("MLmodel"), "flavors: {" + flavor + ": {}, python_function: {}}");
    ModelPackage modelPackage = ModelPackage.read(folder);
    String hint = flavor + " has an engine in the optional module " + module;
    assertThatThrownBy(() -> Predictors.load(modelPackage))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining(hint);
    assertThat(OptionalEngines.hint(modelPackage)).contains(hint);
    assertThat(OptionalEngines.hint(modelPackage, List.of(flavor))).isEmpty();
  }

  @Test
  void loadWith_asksEnginesThatAreNotOnTheClassPathToo() throws Exception {
    Files.writeString(folder.resolve("MLmodel"), "flavors: {remote: {}, onnx: {data: gone.bin}}");
    ModelPackage modelPackage = ModelPackage.read(folder);
    assertThatThrownBy(() -> Predictors.loadWith(modelPackage, List.of(new Named("remote", 1))))
        .hasMessage("remote");
    assertThatThrownBy(() -> Predictors.loadWith(modelPackage, List.of(new Named("remote", -1))))
        .hasMessageContaining("gone.bin");
  }

  @ParameterizedTest
  @ValueSource(strings = {"catboost", "h2o", "lightgbm", "mojo", "onnx", "pmml", "xgboost"})
  void load_ofAMissingModelFile_saysWhichFile(String flavor) throws Exception {
    Files.writeString(folder.resolve("MLmodel"), "flavors: {" + flavor + ": {data: gone.bin}}");
    ModelPackage modelPackage = ModelPackage.read(folder);
    assertThatThrownBy(() -> Predictors.load(modelPackage))
        .isInstanceOf(ModelPackageException.class)
        .hasMessageContaining("gone.bin");
  }

  @ParameterizedTest
  @ValueSource(strings = {"catboost", "h2o", "lightgbm", "mojo", "onnx", "pmml", "xgboost"})
  void load_withoutADataKey_saysWhichKey(String flavor) throws Exception {
    Files.writeString(folder.resolve("MLmodel"), "flavors: {" + flavor + ": {}}");
    ModelPackage modelPackage = ModelPackage.read(folder);
    assertThatThrownBy(() -> Predictors.load(modelPackage))
        .isInstanceOf(ModelPackageException.class)
        .hasMessageContaining("flavors." + flavor + ".data is missing");
  }

  /** Throws its own name when asked to load. */
  private record Named(String flavor, int preference, boolean readsAll)
      implements PredictorProvider {

    Named(String flavor, int preference) {
      this(flavor, preference, true);
    }

    @Override
    public boolean reads(ModelPackage modelPackage, Flavor config) {
      return readsAll;
    }

    @Override
    public Predictor load(ModelPackage modelPackage, Flavor config) {
      throw new UnsupportedModelException(flavor);
    }
  }
}
