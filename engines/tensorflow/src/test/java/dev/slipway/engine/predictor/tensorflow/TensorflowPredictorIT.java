package dev.slipway.engine.predictor.tensorflow;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.engine.error.InvalidInputException;
import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.MLmodel;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.predictor.GoldenCheck;
import dev.slipway.engine.predictor.PredictRequest;
import dev.slipway.engine.predictor.Predictions;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.engine.predictor.Predictors;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.signature.TensorSchema;
import dev.slipway.engine.signature.TensorSpec;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.engine.tensor.TensorMetadata;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Models that TensorFlow wrote, run by TensorFlow. */
class TensorflowPredictorIT {

  private static final Tensor SIX = Tensor.ofFloats("values", Shape.of(3, 2), -2, -1, 0, 1, 2, 3);

  @TempDir private Path folder;

  private Predictor load(String model, String signature) {
    return Predictors.load(SavedModels.pack(folder.resolve("package"), model, signature));
  }

  @Test
  void predict_ofWhatMlflowWrote_answersAsPythonDid() {
    ModelPackage modelPackage = SavedModels.mlflow("mlp");
    try (Predictor predictor = Predictors.load(modelPackage)) {
      assertThat(predictor.platform()).isEqualTo("tensorflow_savedmodel");
      assertThat(predictor.batched()).isTrue();
      assertThat(GoldenCheck.run(predictor, modelPackage.goldenRequests()))
          .singleElement()
          .satisfies(result -> assertThat(result.problems()).isEmpty());
    }
  }

  @Test
  void load_withoutASignature_takesTheModels() {
    try (Predictor predictor = load("pair", "serving_default")) {
      assertThat(predictor.inputs())
          .containsExactly(
              new TensorMetadata("index", DataType.INT64, Shape.of(-1)),
              new TensorMetadata("values", DataType.FP32, Shape.of(-1, 2)));
      assertThat(predictor.outputs())
          .containsExactly(
              new TensorMetadata("doubled", DataType.FP32, Shape.of(-1, 2)),
              new TensorMetadata("picked", DataType.FP32, Shape.of(-1)));
      Predictions answer =
          predictor.predict(
              new PredictRequest(
                  List.of(SIX, Tensor.ofLongs("index", Shape.of(3), 1, 0, 1)),
                  Map.of(),
                  List.of("picked", "doubled")));
      assertThat(answer.outputs()).extracting(Tensor::name).containsExactly("picked", "doubled");
      assertThat(answer.output("picked").toFloats()).containsExactly(-1, 0, 3);
      assertThat(answer.output("doubled").toFloats()).containsExactly(-4, -2, 0, 2, 4, 6);
    }
  }

  @Test
  void load_takesTheSignatureThatTheFlavorNames() {
    try (Predictor predictor = load("pair", "total")) {
      assertThat(predictor.predict(PredictRequest.of(SIX)).output("total").toFloats())
          .containsExactly(-3, 1, 5);
    }
  }

  @Test
  void load_ofASignatureThatIsNotThere_saysWhichAre() {
    assertThatThrownBy(() -> load("pair", "other"))
        .isInstanceOf(ModelPackageException.class)
        .hasMessageContaining("no signature other")
        .hasMessageContaining("serving_default, total");
  }

  @Test
  void load_ofTagsThatAreNotThere_saysSo() {
    MLmodel mlmodel =
        MLmodel.builder()
            .flavor(
                new Flavor(
                    "tensorflow",
                    Map.of("saved_model_dir", "tfmodel", "meta_graph_tags", List.of("gpu"))))
            .build();
    ModelPackage modelPackage = SavedModels.pack(folder.resolve("p"), "pair", mlmodel);
    assertThatThrownBy(() -> Predictors.load(modelPackage))
        .isInstanceOf(ModelPackageException.class)
        .hasMessageContaining("[gpu]");
  }

  @Test
  void load_ofASignatureThatContradictsTheModel_isRefused() {
    TensorSchema wrong = TensorSchema.of(TensorSpec.of("values", DataType.FP64, Shape.of(-1, 2)));
    MLmodel mlmodel =
        MLmodel.builder()
            .flavor(
                new Flavor(
                    "tensorflow",
                    Map.of("saved_model_dir", "tfmodel", "signature_def_key", "total")))
            .signature(ModelSignature.of(wrong, wrong))
            .build();
    ModelPackage modelPackage = SavedModels.pack(folder.resolve("p"), "pair", mlmodel);
    assertThatThrownBy(() -> Predictors.load(modelPackage))
        .isInstanceOf(ModelPackageException.class)
        .hasMessageContaining("signature.inputs")
        .hasMessageContaining("float64");
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"BYTES", "INT8", "INT16", "UINT32", "UINT64"})
  void predict_carriesEveryBit(DataType datatype) {
    try (Predictor predictor = load("identity", datatype.name())) {
      for (int rows : new int[] {0, 1, 5}) {
        ByteBuffer bytes = ByteBuffer.allocateDirect(rows * 3 * datatype.elementSizeBytes());
        for (int i = 0; bytes.hasRemaining(); i++) {
          bytes.put((byte) (datatype == DataType.BOOL ? i % 2 : i * 37 + 1));
        }
        Tensor direct = Tensor.of("x", datatype, Shape.of(rows, 3), bytes.flip());
        ByteBuffer copy = ByteBuffer.allocate(bytes.remaining()).put(bytes.duplicate()).flip();
        Tensor heap = Tensor.of("x", datatype, Shape.of(rows, 3), copy);
        Tensor expected = direct.withName("y");
        assertThat(predictor.predict(PredictRequest.of(direct)).output("y")).isEqualTo(expected);
        assertThat(predictor.predict(PredictRequest.of(heap)).output("y")).isEqualTo(expected);
      }
    }
  }

  @Test
  void predict_ofText_carriesEveryByte() {
    try (Predictor predictor = load("identity", "BYTES")) {
      Tensor text =
          Tensor.ofBytes(
              "x",
              Shape.of(2, 3),
              new byte[0],
              new byte[] {0, -1, 0},
              "Köln".getBytes(UTF_8),
              "\uD83D\uDE00".getBytes(UTF_8),
              new byte[100],
              new byte[] {10});
      assertThat(predictor.predict(PredictRequest.of(text)).output("y"))
          .isEqualTo(text.withName("y"));
    }
  }

  @Test
  void predict_ofBoolsThatAreNeither0Nor1_readsThemAsTrue() {
    try (Predictor predictor = load("identity", "BOOL")) {
      ByteBuffer bytes = ByteBuffer.wrap(new byte[] {0, 7, -1});
      Tensor odd = Tensor.of("x", DataType.BOOL, Shape.of(1, 3), bytes);
      assertThat(predictor.predict(PredictRequest.of(odd)).output("y"))
          .isEqualTo(Tensor.ofBooleans("y", Shape.of(1, 3), false, true, true));
    }
  }

  @Test
  void predict_ofAModelWithATable_hasFilledItFromItsFile() throws Exception {
    ModelPackage modelPackage =
        SavedModels.pack(folder.resolve("package"), "table", "serving_default");
    try (Predictor predictor = Predictors.load(modelPackage)) {
      // Nothing of the package is needed any more.
      Files.delete(folder.resolve("package/tfmodel/assets/words.txt"));
      Tensor words = Tensor.ofStrings("words", Shape.of(3), "Ulm", "Rom", "Köln");
      Predictions answer = predictor.predict(PredictRequest.of(words));
      assertThat(answer.output("numbers").toLongs()).containsExactly(2, -1, 0);
      assertThat(answer.output("shout").toStrings()).containsExactly("ULM", "ROM", "KÖLN");
    }
  }

  @Test
  void predict_ofAnyShape_leavesItToTheModel() {
    try (Predictor predictor = load("picky", "serving_default")) {
      Tensor cube = Tensor.ofFloats("values", Shape.of(1, 1, 2), 4, 9);
      Tensor roots = predictor.predict(PredictRequest.of(cube)).output("roots");
      assertThat(roots).isEqualTo(Tensor.ofFloats("roots", Shape.of(1, 1, 2), 2, 3));
    }
  }

  @Test
  void predict_thatTheModelRefuses_isTheCallersFault() {
    try (Predictor predictor = load("picky", "serving_default")) {
      assertThatThrownBy(() -> predictor.predict(PredictRequest.of(SIX)))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("negative values are beyond me");
    }
  }

  @Test
  void predict_byManyThreads_answersEachItsOwn() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try (Predictor predictor = Predictors.load(SavedModels.mlflow("mlp"))) {
      List<Callable<Void>> callers = new ArrayList<>();
      for (int caller = 0; caller < 8; caller++) {
        float start = caller;
        callers.add(
            () -> {
              Tensor row = Tensor.ofFloats("x", Shape.of(1, 4), start, 1 - start, 2, -start);
              float[] first = predictor.predict(PredictRequest.of(row)).outputs().get(0).toFloats();
              for (int i = 0; i < 100; i++) {
                Predictions again = predictor.predict(PredictRequest.of(row));
                assertThat(again.outputs().get(0).toFloats()).containsExactly(first);
              }
              return null;
            });
      }
      for (Future<Void> caller : threads.invokeAll(callers)) {
        caller.get();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "saved_model.pb",
        "variables/variables.index",
        "variables/variables.data-00000-of-00001"
      })
  void load_ofAFileThatWasCutOff_saysSo(String name) throws Exception {
    ModelPackage whole = SavedModels.mlflow("mlp");
    for (int part = 0; part < 4; part++) {
      Path copy = folder.resolve("cut" + part);
      copy(whole.root(), copy);
      Path file = copy.resolve("tf2model").resolve(name);
      byte[] bytes = Files.readAllBytes(file);
      Files.write(file, Arrays.copyOf(bytes, bytes.length * part / 4));
      ModelPackage cut = ModelPackage.read(copy);
      assertThatThrownBy(() -> Predictors.load(cut))
          .isInstanceOf(ModelPackageException.class)
          .hasMessageContaining("tf2model");
    }
  }

  @Test
  void load_ofAWeightWithAChangedByte_isRefused() throws Exception {
    Path copy = folder.resolve("changed");
    copy(SavedModels.mlflow("mlp").root(), copy);
    Path file = copy.resolve("tf2model/variables/variables.data-00000-of-00001");
    byte[] bytes = Files.readAllBytes(file);
    bytes[40]++;
    Files.write(file, bytes);
    ModelPackage changed = ModelPackage.read(copy);
    assertThatThrownBy(() -> Predictors.load(changed))
        .isInstanceOf(ModelPackageException.class)
        .hasMessageContaining("tf2model");
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(from.relativize(file)));
      }
    }
  }

  @Test
  void predict_afterClose_isRefused() {
    Predictor predictor = load("pair", "total");
    predictor.close();
    predictor.close();
    assertThatThrownBy(() -> predictor.predict(PredictRequest.of(SIX)))
        .isInstanceOf(IllegalStateException.class);
  }
}
