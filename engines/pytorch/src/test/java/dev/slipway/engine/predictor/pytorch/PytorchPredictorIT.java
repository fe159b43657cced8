package dev.slipway.engine.predictor.pytorch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.engine.error.InvalidInputException;
import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.error.PredictionException;
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
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Models that PyTorch wrote, run by libtorch. */
class PytorchPredictorIT {

  private static final TensorSpec VALUES = TensorSpec.of("values", DataType.FP32, Shape.of(-1, 2));
  private static final Tensor SIX =
      Tensor.ofFloats("values", Shape.of(3, 2), new float[] {-2, -1, 0, 1, 2, 3});

  @TempDir private Path folder;

  private Predictor load(String model, TensorSchema inputs, TensorSchema outputs) {
    return Predictors.load(
        TorchModels.pack(
            folder.resolve(model), TorchModels.file(model), ModelSignature.of(inputs, outputs)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"mlp", "columns"})
  void predict_ofWhatMlflowWrote_answersAsPythonDid(String name) {
    ModelPackage modelPackage = TorchModels.mlflow(name);
    try (Predictor predictor = Predictors.load(modelPackage)) {
      assertThat(predictor.platform()).isEqualTo("pytorch_libtorch");
      assertThat(predictor.batched()).isTrue();
      assertThat(GoldenCheck.run(predictor, modelPackage.goldenRequests()))
          .singleElement()
          .satisfies(result -> assertThat(result.problems()).isEmpty());
    }
  }

  @Test
  void predict_ofATuple_answersByPlace() {
    TensorSpec index = TensorSpec.of("index", DataType.INT64, Shape.of(-1));
    TensorSpec picked = TensorSpec.of("picked", DataType.FP32, Shape.of(-1));
    TensorSpec doubled = TensorSpec.of("doubled", DataType.FP32, Shape.of(-1, 2));
    try (Predictor predictor =
        load("pair", TensorSchema.of(VALUES, index), TensorSchema.of(picked, doubled))) {
      Tensor indexes = Tensor.ofLongs("index", Shape.of(3), new long[] {1, 0, 1});
      // In another order than forward takes them.
      Predictions all = predictor.predict(PredictRequest.of(indexes, SIX));
      assertThat(all.outputs()).extracting(Tensor::name).containsExactly("picked", "doubled");
      assertThat(all.output("picked").toFloats()).containsExactly(-1, 0, 3);
      assertThat(all.output("doubled").toFloats()).containsExactly(-4, -2, 0, 2, 4, 6);
      Predictions one =
          predictor.predict(
              new PredictRequest(List.of(SIX, indexes), Map.of(), List.of("doubled")));
      assertThat(one.outputs()).containsExactly(all.output("doubled"));
    }
  }

  @Test
  void predict_ofADict_answersByName() {
    TensorSpec positive = TensorSpec.of("positive", DataType.BOOL, Shape.of(-1, 2));
    TensorSpec total = TensorSpec.of("total", DataType.FP32, Shape.of(-1));
    try (Predictor predictor =
        load("named", TensorSchema.of(VALUES), TensorSchema.of(positive, total))) {
      Predictions answer = predictor.predict(PredictRequest.of(SIX));
      assertThat(answer.output("total").toFloats()).containsExactly(-3, 1, 5);
      assertThat(answer.output("positive").toBooleans())
          .containsExactly(false, false, false, true, true, true);
    }
  }

  @Test
  void predict_ofADictWithoutAnOutput_saysWhatItAnswered() {
    TensorSpec wrong = TensorSpec.of("sum", DataType.FP32, Shape.of(-1));
    try (Predictor predictor = load("named", TensorSchema.of(VALUES), TensorSchema.of(wrong))) {
      assertThatThrownBy(() -> predictor.predict(PredictRequest.of(SIX)))
          .isInstanceOf(PredictionException.class)
          .hasMessageContaining("[positive, total]")
          .hasMessageContaining("[sum]");
    }
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"BF16", "BYTES", "INT16", "UINT16", "UINT32", "UINT64"})
  void predict_carriesEveryBit(DataType datatype) {
    TensorSpec spec = TensorSpec.of("x", datatype, Shape.of(-1, 3));
    try (Predictor predictor = load("identity", TensorSchema.of(spec), TensorSchema.of(spec))) {
      for (int rows : new int[] {0, 1, 5}) {
        ByteBuffer bytes =
            ByteBuffer.allocateDirect(rows * 3 * datatype.elementSizeBytes())
                .order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; bytes.hasRemaining(); i++) {
          bytes.put((byte) (datatype == DataType.BOOL ? i % 2 : i * 37 + 1));
        }
        Tensor direct = Tensor.of("x", datatype, Shape.of(rows, 3), bytes.flip());
        Tensor heap =
            Tensor.of(
                "x",
                datatype,
                Shape.of(rows, 3),
                ByteBuffer.allocate(bytes.remaining()).put(bytes.duplicate()).flip());
        assertThat(predictor.predict(PredictRequest.of(direct)).output("x")).isEqualTo(direct);
        assertThat(predictor.predict(PredictRequest.of(heap)).output("x")).isEqualTo(direct);
      }
    }
  }

  @Test
  void predict_ofBoolsThatAreNeither0Nor1_readsThemAsTrue() {
    TensorSpec spec = TensorSpec.of("x", DataType.BOOL, Shape.of(-1));
    try (Predictor predictor = load("identity", TensorSchema.of(spec), TensorSchema.of(spec))) {
      ByteBuffer bytes = ByteBuffer.wrap(new byte[] {0, 7, -1, 1});
      Tensor odd = Tensor.of("x", DataType.BOOL, Shape.of(4), bytes);
      Tensor answer = predictor.predict(PredictRequest.of(odd)).output("x");
      assertThat(answer).isEqualTo(Tensor.ofBooleans("x", Shape.of(4), false, true, true, true));
    }
  }

  @Test
  void predict_ofAModelThatChangesItsArgument_leavesTheCallersBytes() {
    try (Predictor predictor = load("inplace", TensorSchema.of(VALUES), TensorSchema.of(VALUES))) {
      ByteBuffer bytes = ByteBuffer.allocateDirect(8).order(ByteOrder.LITTLE_ENDIAN);
      bytes.putFloat(1).putFloat(2).flip();
      Tensor mine = Tensor.of("values", DataType.FP32, Shape.of(1, 2), bytes);
      Tensor answer = predictor.predict(PredictRequest.of(mine)).output("values");
      assertThat(answer.toFloats()).containsExactly(2, 3);
      assertThat(mine.toFloats()).containsExactly(1, 2);
    }
  }

  @Test
  void predict_whoseModelRaises_carriesItsWords() {
    try (Predictor predictor = load("picky", TensorSchema.of(VALUES), TensorSchema.of(VALUES))) {
      assertThatThrownBy(() -> predictor.predict(PredictRequest.of(SIX)))
          .isInstanceOf(PredictionException.class)
          .hasMessageContaining("negative values are beyond me");
      Tensor four = Tensor.ofFloats("values", Shape.of(1, 2), new float[] {4, 9});
      assertThat(predictor.predict(PredictRequest.of(four)).output("values").toFloats())
          .containsExactly(2, 3);
    }
  }

  @Test
  void predict_whoseAnswerIsNotAsDeclared_isAFailureOfTheModel() {
    assertFailure("rows", VALUES, "3 tensors");
    assertFailure("text", VALUES, "string");
    assertFailure("identity", TensorSpec.of("y", DataType.FP64, Shape.of(-1, 2)), "float32 [3, 2]");
    assertFailure("inplace", TensorSpec.of("y", DataType.FP32, Shape.of(-1, 3)), "[-1, 3]");
  }

  private void assertFailure(String model, TensorSpec output, String words) {
    try (Predictor predictor = load(model, TensorSchema.of(VALUES), TensorSchema.of(output))) {
      assertThatThrownBy(() -> predictor.predict(PredictRequest.of(SIX)))
          .isInstanceOf(PredictionException.class)
          .hasMessageContaining(words);
    }
  }

  @Test
  void predict_ofWrongTensors_isTheCallersFault() {
    try (Predictor predictor = load("identity", TensorSchema.of(VALUES), TensorSchema.of(VALUES))) {
      Tensor wrong = Tensor.ofDoubles("values", Shape.of(3), new double[3]);
      assertThatThrownBy(() -> predictor.predict(PredictRequest.of(wrong)))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("inputs[0].datatype")
          .hasMessageContaining("inputs[0].shape");
    }
  }

  @Test
  void predict_byManyThreads_answersEachItsOwn() throws Exception {
    ModelPackage modelPackage = TorchModels.mlflow("mlp");
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try (Predictor predictor = Predictors.load(modelPackage)) {
      List<Callable<Void>> callers = new ArrayList<>();
      for (int caller = 0; caller < 8; caller++) {
        float start = caller;
        callers.add(
            () -> {
              Tensor row =
                  Tensor.ofFloats("x", Shape.of(1, 4), new float[] {start, 1 - start, 2, -start});
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

  @Test
  void load_ofAProgramThatDoesNotParse_isTheFileFault() throws Exception {
    byte[] garbled = rewrite(TorchModels.file("identity"), "class Identity", "clasp Identity");
    ModelPackage modelPackage =
        TorchModels.pack(
            folder.resolve("p"),
            garbled,
            ModelSignature.of(TensorSchema.of(VALUES), TensorSchema.of(VALUES)));
    assertThatThrownBy(() -> Predictors.load(modelPackage))
        .isInstanceOf(ModelPackageException.class)
        .hasMessageContaining("data/model.pth")
        .hasMessageContaining("clasp");
  }

  /** Returns the archive with other words in its program, under a checksum that is right. */
  private static byte[] rewrite(Path model, String from, String to) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipFile zip = new ZipFile(model.toFile());
        ZipOutputStream out = new ZipOutputStream(bytes)) {
      out.setLevel(0);
      for (Enumeration<? extends ZipEntry> all = zip.entries(); all.hasMoreElements(); ) {
        ZipEntry entry = all.nextElement();
        byte[] content = zip.getInputStream(entry).readAllBytes();
        if (entry.getName().endsWith(".py")) {
          content = new String(content, UTF_8).replace(from, to).getBytes(UTF_8);
        }
        out.putNextEntry(new ZipEntry(entry.getName()));
        out.write(content);
      }
    }
    return bytes.toByteArray();
  }

  @Test
  void predict_afterClose_isRefused() {
    Predictor predictor = load("identity", TensorSchema.of(VALUES), TensorSchema.of(VALUES));
    predictor.close();
    predictor.close();
    assertThatThrownBy(() -> predictor.predict(PredictRequest.of(SIX)))
        .isInstanceOf(IllegalStateException.class);
  }
}
