package dev.slipway.engine.predictor.onnx;

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
import dev.slipway.engine.predictor.OutputChecks;
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
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class OnnxPredictorTest {

  @TempDir private Path folder;

  private Predictor load(String model) {
    return Predictors.load(TestModels.onnx(folder, model));
  }

  private Predictor load(String model, Schema inputs) {
    return Predictors.load(TestModels.onnx(folder, model, signature(inputs)));
  }

  private static Optional<ModelSignature> signature(Schema inputs) {
    return Optional.of(new ModelSignature(Optional.of(inputs), Optional.empty(), List.of()));
  }

  private static Tensor random(DataType datatype, int rows) {
    Random random = new Random(3);
    int elements = rows * 2;
    if (datatype == DataType.BYTES) {
      String[] words = new String[elements];
      for (int i = 0; i < elements; i++) {
        words[i] = i % 3 == 0 ? "" : "wört " + random.nextInt();
      }
      return Tensor.ofStrings("in", Shape.of(rows, 2), words);
    }
    byte[] bytes = new byte[elements * datatype.elementSizeBytes()];
    random.nextBytes(bytes);
    if (datatype == DataType.BOOL) {
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] &= 1;
      }
    }
    return Tensor.of("in", datatype, Shape.of(rows, 2), ByteBuffer.wrap(bytes));
  }

  private static Tensor direct(Tensor tensor, int offset) {
    ByteBuffer buffer = ByteBuffer.allocateDirect(tensor.sizeBytes() + offset).position(offset);
    buffer.put(tensor.data()).position(offset);
    return Tensor.of(tensor.name(), tensor.datatype(), tensor.shape(), buffer);
  }

  @ParameterizedTest
  @EnumSource(DataType.class)
  void everyDatatype_passesThroughBitByBit(DataType datatype) {
    try (Predictor predictor = load("identity_" + datatype.name().toLowerCase(Locale.ROOT))) {
      assertThat(predictor.inputs())
          .containsExactly(new TensorMetadata("in", datatype, Shape.of(-1, 2)));
      assertThat(predictor.outputs())
          .containsExactly(new TensorMetadata("out", datatype, Shape.of(-1, 2)));
      assertThat(predictor.batched()).isTrue();
      for (int rows : new int[] {1, 7, 300, 0}) {
        Tensor input = random(datatype, rows);
        Tensor expected = input.withName("out");
        assertThat(predictor.predict(PredictRequest.of(input)).output("out")).isEqualTo(expected);
        assertThat(predictor.predict(PredictRequest.of(direct(input, 0))).output("out"))
            .isEqualTo(expected);
        assertThat(predictor.predict(PredictRequest.of(direct(input, 16))).output("out"))
            .isEqualTo(expected);
      }
    }
  }

  @Test
  void outputs_areHeapMemoryThatOutlivesThePredictor() {
    Predictor predictor = load("mlp");
    Tensor output;
    try (predictor) {
      output =
          predictor
              .predict(PredictRequest.of(Tensor.ofFloats("x", Shape.of(1, 4), 1, 2, 3, 4)))
              .output("probabilities");
    }
    assertThat(output.data().isDirect()).isFalse();
    assertThat(output.shape()).isEqualTo(Shape.of(1, 3));
    double sum = 0;
    for (float value : output.toFloats()) {
      sum += value;
    }
    assertThat(sum).isBetween(0.999999, 1.000001);
    predictor.close();
    assertThatThrownBy(() -> predictor.predict(PredictRequest.of(output)))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void twoInputsTwoOutputs_areMatchedByNameAndAnsweredInTheOrderAskedFor() {
    try (Predictor predictor = load("two_in_two_out")) {
      Tensor a = Tensor.ofLongs("a", Shape.of(3), 1, 5, 9);
      Tensor b = Tensor.ofDoubles("b", Shape.of(3), 2.5, 2.5, 2.5);

      Predictions all = predictor.predict(PredictRequest.of(b, a));
      assertThat(all.outputs()).extracting(Tensor::name).containsExactly("sum", "greater");
      assertThat(all.output("sum").toDoubles()).containsExactly(3.5, 7.5, 11.5);
      assertThat(all.output("greater").toBooleans()).containsExactly(false, true, true);

      Predictions reversed =
          predictor.predict(new PredictRequest(List.of(a, b), Map.of(), List.of("greater", "sum")));
      assertThat(reversed.outputs()).extracting(Tensor::name).containsExactly("greater", "sum");
      Predictions one =
          predictor.predict(new PredictRequest(List.of(a, b), Map.of(), List.of("greater")));
      assertThat(one.outputs()).containsExactly(all.output("greater"));
      assertThatThrownBy(
              () ->
                  predictor.predict(
                      new PredictRequest(List.of(a, b), Map.of(), List.of("sum", "x", "sum"))))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("outputs[1].name: unknown output \"x\"")
          .hasMessageContaining("outputs[2].name: \"sum\" is asked for twice");
    }
  }

  @Test
  void badInputs_areRefusedBeforeTheEngineSeesThem() {
    try (Predictor predictor = load("mlp")) {
      assertThatThrownBy(
              () ->
                  predictor.predict(
                      PredictRequest.of(Tensor.ofFloats("y", Shape.of(1, 4), 1, 2, 3, 4))))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("unknown input \"y\"")
          .hasMessageContaining("missing input \"x\": FP32 [-1, 4]");
      assertThatThrownBy(
              () ->
                  predictor.predict(
                      PredictRequest.of(Tensor.ofFloats("x", Shape.of(1, 3), 1, 2, 3))))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("has 3 at dimension 1 of [1, 3], expected 4");
    }
  }

  @Test
  void outputOfOtherRowsThanDeclared_isAnsweredAsItIs() {
    try (Predictor predictor = load("twice")) {
      assertThat(predictor.batched()).isTrue();
      for (int i = 1; i <= 3; i++) {
        Tensor input = Tensor.ofFloats("in", Shape.of(1, 2), i, -i);
        assertThat(predictor.predict(PredictRequest.of(input)).output("out"))
            .isEqualTo(Tensor.ofFloats("out", Shape.of(2, 2), i, -i, i, -i));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 8_192, 8_193, 100_000})
  void outputs_areTheirCallersAlone(int rows) {
    try (Predictor predictor = load("identity_fp32")) {
      Tensor first = random(DataType.FP32, rows);
      Tensor answered = predictor.predict(PredictRequest.of(first)).output("out");
      Tensor second = Tensor.ofFloats("in", Shape.of(rows, 2), new float[rows * 2]);
      assertThat(predictor.predict(PredictRequest.of(second)).output("out"))
          .isEqualTo(second.withName("out"));
      assertThat(answered).isEqualTo(first.withName("out"));
      assertThat(answered.data().isDirect()).isFalse();
    }
  }

  @Test
  void graphExportedWithOneRow_mayAnswerMore() {
    try (Predictor predictor = load("one_row")) {
      for (int rows : new int[] {1, 2, 1}) {
        Tensor in = Tensor.ofFloats("in", Shape.of(rows, 2), new float[rows * 2]);
        List<Tensor> outputs = predictor.predict(PredictRequest.of(in)).outputs();
        new OutputChecks(predictor).check(outputs, List.of());
        assertThat(outputs.get(0).shape()).isEqualTo(Shape.of(rows, 2));
      }
    }
  }

  @Test
  void outputsThatNoNodeMakes_areThoseOfTheSameCall() {
    try (Predictor handsOn =
            Predictors.load(TestModels.onnx(folder.resolve("a"), "input_as_output"));
        Predictor constant =
            Predictors.load(TestModels.onnx(folder.resolve("b"), "constant_as_output"))) {
      for (float value : new float[] {1, 2, 3}) {
        Tensor x = Tensor.ofFloats("x", Shape.of(1, 2), value, -value);
        Tensor y = Tensor.ofFloats("y", Shape.of(1, 2), -value, value);

        assertThat(handsOn.predict(PredictRequest.of(x)).outputs()).containsExactly(y, x);
        assertThat(constant.predict(PredictRequest.of(x)).outputs())
            .containsExactly(y, Tensor.ofFloats("c", Shape.of(2), 3, 4));
      }
    }
  }

  @Test
  void inputThatOnlyTheGraphKnowsToBeWrong_isTheCallersFault() {
    try (Predictor predictor = load("gather")) {
      assertThat(
              predictor
                  .predict(PredictRequest.of(Tensor.ofLongs("in", Shape.of(2), 3, 0)))
                  .output("out")
                  .toFloats())
          .containsExactly(3, 0);
      assertThatThrownBy(
              () -> predictor.predict(PredictRequest.of(Tensor.ofLongs("in", Shape.of(1), 99))))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("out of data bounds");
    }
  }

  @Test
  void modelsWithoutBatchAxis_areServedButNotBatched() {
    try (Predictor scalar = Predictors.load(TestModels.onnx(folder.resolve("a"), "scalar"));
        Predictor transpose = Predictors.load(TestModels.onnx(folder.resolve("b"), "transpose"));
        Predictor anyShape = Predictors.load(TestModels.onnx(folder.resolve("c"), "any_shape"))) {
      assertThat(
              scalar
                  .predict(PredictRequest.of(Tensor.ofFloats("in", Shape.of(), 2)))
                  .output("out")
                  .toFloats())
          .containsExactly(-2);
      assertThat(
              transpose
                  .predict(
                      PredictRequest.of(Tensor.ofFloats("in", Shape.of(2, 3), 1, 2, 3, 4, 5, 6)))
                  .output("out")
                  .toFloats())
          .containsExactly(1, 4, 2, 5, 3, 6);
      assertThat(
              anyShape
                  .predict(PredictRequest.of(Tensor.ofFloats("in", Shape.of(1, 2), 1, 2)))
                  .output("out"))
          .isEqualTo(Tensor.ofFloats("out", Shape.of(1, 2), 2, 4));
      assertThat(List.of(scalar.batched(), transpose.batched(), anyShape.batched()))
          .containsOnly(false);
    }
  }

  @Test
  void text_thatTheBindingWouldChange_isRefused() {
    try (Predictor predictor = load("emoji")) {
      assertThat(
              predictor
                  .predict(
                      new PredictRequest(
                          List.of(Tensor.ofStrings("in", Shape.of(2), "a", "€")),
                          Map.of(),
                          List.of("equal")))
                  .output("equal")
                  .toBooleans())
          .containsExactly(false, false);
      for (Tensor bad :
          List.of(
              Tensor.ofStrings("in", Shape.of(2), "a", "\ud83d\ude00"),
              Tensor.ofStrings("in", Shape.of(2), "a", "\0"),
              Tensor.ofBytes("in", Shape.of(2), new byte[0], new byte[] {(byte) 0xff}))) {
        assertThatThrownBy(() -> predictor.predict(PredictRequest.of(bad)))
            .isInstanceOf(InvalidInputException.class)
            .hasMessageContaining("element 1 of \"in\"");
      }
    }
  }

  @Test
  void parallelPredict_equalsSerial() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try (Predictor predictor = load("mlp")) {
      Random random = new Random(1);
      List<Tensor> inputs = new ArrayList<>();
      List<Tensor> serial = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        int rows = 1 + random.nextInt(9);
        float[] values = new float[rows * 4];
        for (int j = 0; j < values.length; j++) {
          values[j] = random.nextFloat();
        }
        Tensor tensor = Tensor.ofFloats("x", Shape.of(rows, 4), values);
        inputs.add(i % 2 == 0 ? tensor : direct(tensor, 0));
        serial.add(predictor.predict(PredictRequest.of(tensor)).output("probabilities"));
      }
      List<Future<Tensor>> parallel = new ArrayList<>();
      for (int i = 0; i < 2_000; i++) {
        Tensor input = inputs.get(i % inputs.size());
        parallel.add(
            threads.submit(
                () -> predictor.predict(PredictRequest.of(input)).output("probabilities")));
      }
      for (int i = 0; i < parallel.size(); i++) {
        assertThat(parallel.get(i).get()).isEqualTo(serial.get(i % serial.size()));
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void unnamedSignature_takesTheSingleInputWhateverItsName() {
    try (Predictor predictor =
        load("mlp", TensorSchema.of(TensorSpec.unnamed(DataType.FP32, Shape.of(-1, 4))))) {
      assertThat(
              predictor
                  .predict(
                      PredictRequest.of(Tensor.ofFloats("anything", Shape.of(1, 4), 1, 2, 3, 4)))
                  .outputs())
          .hasSize(1);
      assertThat(predictor.inputs()).extracting(TensorMetadata::name).containsExactly("x");
    }
  }

  @Test
  void columns_becomeOneMatrixOrAnInputEach() throws Exception {
    ColumnSchema four =
        ColumnSchema.of(
            ColumnSpec.of("a", ScalarType.DOUBLE), ColumnSpec.of("b", ScalarType.LONG),
            ColumnSpec.of("c", ScalarType.FLOAT), ColumnSpec.of("d", ScalarType.DOUBLE));
    try (Predictor predictor =
        Predictors.load(TestModels.onnx(folder.resolve("matrix"), "mlp", signature(four)))) {
      Tensor fromColumns =
          predictor
              .predict(
                  PredictRequest.of(
                      Tensor.ofDoubles("d", Shape.of(2), 4, 8),
                      Tensor.ofDoubles("a", Shape.of(2, 1), 1, 5),
                      Tensor.ofLongs("b", Shape.of(2), 2, 6),
                      Tensor.ofFloats("c", Shape.of(2), 3, 7)))
              .output("probabilities");
      Tensor fromMatrix =
          predictor
              .predict(
                  PredictRequest.of(Tensor.ofDoubles("m", Shape.of(2, 4), 1, 2, 3, 4, 5, 6, 7, 8)))
              .output("probabilities");
      assertThat(fromColumns).isEqualTo(fromMatrix);
    }
    JsonNode expected =
        new ObjectMapper().readTree(TestModels.file("columns.expected.json").toFile());
    ColumnSchema two =
        ColumnSchema.of(
            ColumnSpec.of("age", ScalarType.DOUBLE), ColumnSpec.of("city", ScalarType.STRING));
    try (Predictor predictor =
        Predictors.load(TestModels.onnx(folder.resolve("each"), "columns", signature(two)))) {
      double[] ages = new double[3];
      String[] cities = new String[3];
      for (int i = 0; i < 3; i++) {
        ages[i] = expected.get("age").get(i).doubleValue();
        cities[i] = expected.get("city").get(i).textValue();
      }
      Predictions answer =
          predictor.predict(
              PredictRequest.of(
                  Tensor.ofStrings("city", Shape.of(3, 1), cities),
                  Tensor.ofDoubles("age", Shape.of(3), ages)));
      assertThat(answer.output("label").toLongs()).containsExactly(longs(expected.get("label")));
      float[] probabilities = answer.output("probabilities").toFloats();
      for (int i = 0; i < probabilities.length; i++) {
        assertThat((double) probabilities[i])
            .isCloseTo(expected.get("probabilities").get(i).doubleValue(), within(1e-6));
      }
    }
  }

  private static long[] longs(JsonNode array) {
    long[] values = new long[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).longValue();
    }
    return values;
  }

  @Test
  void signatureThatContradictsTheModel_isRefusedAtLoad() {
    List<Schema> contradictions =
        List.of(
            TensorSchema.of(TensorSpec.of("y", DataType.FP32, Shape.of(-1, 4))),
            TensorSchema.of(TensorSpec.unnamed(DataType.FP64, Shape.of(-1, 4))),
            TensorSchema.of(TensorSpec.unnamed(DataType.FP32, Shape.of(-1, 5))),
            TensorSchema.of(TensorSpec.unnamed(DataType.FP32, Shape.of(-1))),
            ColumnSchema.of(ColumnSpec.of("a", ScalarType.DOUBLE)),
            ColumnSchema.of(
                ColumnSpec.of("a", ScalarType.DOUBLE), ColumnSpec.of("b", ScalarType.STRING),
                ColumnSpec.of("c", ScalarType.DOUBLE), ColumnSpec.of("d", ScalarType.DOUBLE)));
    for (int i = 0; i < contradictions.size(); i++) {
      ModelPackage modelPackage =
          TestModels.onnx(folder.resolve("p" + i), "mlp", signature(contradictions.get(i)));
      assertThatThrownBy(() -> Predictors.load(modelPackage))
          .isInstanceOf(ModelPackageException.class)
          .hasMessageContaining("signature.inputs");
    }
  }

  @Test
  void zipMap_isUnsupportedWithTheCure() {
    ModelPackage modelPackage = TestModels.onnx(folder, "logreg_zipmap");
    assertThatThrownBy(() -> Predictors.load(modelPackage))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("output_probability")
        .hasMessageContaining("zipmap");
  }

  @Test
  void externalWeights_areFoundBesideTheModelAndNowhereElse() throws Exception {
    MLmodel mlmodel = MLmodel.builder().flavor(Flavor.onnx("m/model.onnx", "1.23.2")).build();
    ModelPackage inside =
        ModelPackage.builder(mlmodel)
            .file("m/model.onnx", TestModels.file("external/model.onnx"))
            .file("m/weights.bin", TestModels.file("external/weights.bin"))
            .writeTo(folder.resolve("inside"));
    Tensor input = Tensor.ofFloats("x", Shape.of(1, 4), 1, 2, 3, 4);
    try (Predictor split = Predictors.load(inside);
        Predictor whole = Predictors.load(TestModels.onnx(folder.resolve("whole"), "mlp"))) {
      assertThat(split.predict(PredictRequest.of(input)))
          .isEqualTo(whole.predict(PredictRequest.of(input)));
    }
    Files.copy(TestModels.file("outside_weights.bin"), folder.resolve("outside_weights.bin"));
    ModelPackage outside =
        ModelPackage.builder(MLmodel.builder().flavor(Flavor.onnx("model.onnx", "1.23.2")).build())
            .file("model.onnx", TestModels.file("external/outside.onnx"))
            .writeTo(folder.resolve("outside"));
    assertThatThrownBy(() -> Predictors.load(outside))
        .isInstanceOf(ModelPackageException.class)
        .hasMessageContaining("escapes model directory");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 10, 300, 532})
  void truncatedFile_isAPreciseRefusal(int length) throws Exception {
    byte[] whole = Files.readAllBytes(TestModels.file("mlp.onnx"));
    ModelPackage modelPackage =
        ModelPackage.builder(MLmodel.builder().flavor(Flavor.onnx("model.onnx", "1")).build())
            .file("model.onnx", Arrays.copyOf(whole, length))
            .writeTo(folder);
    assertThatThrownBy(() -> Predictors.load(modelPackage))
        .isInstanceOf(ModelPackageException.class)
        .hasMessageContaining("ONNX Runtime cannot load model.onnx");
  }

  @Test
  void fiftyLoadsAndCloses_leaveResidentMemoryFlat() throws Exception {
    ModelPackage modelPackage = TestModels.onnx(folder, "mlp");
    Tensor input = Tensor.ofFloats("x", Shape.of(2000, 4), new float[8000]);
    loadAndCloseFiftyTimes(modelPackage, input);
    long growth = Long.MAX_VALUE;
    // The memory is that of the whole process, where other things may grow once; a leak is there in
    // each round.
    for (int round = 0; round < 3 && growth >= 40_000; round++) {
      long warm = residentKilobytes();
      loadAndCloseFiftyTimes(modelPackage, input);
      growth = residentKilobytes() - warm;
    }
    assertThat(growth).isLessThan(40_000);
  }

  private static void loadAndCloseFiftyTimes(ModelPackage modelPackage, Tensor input) {
    for (int i = 0; i < 50; i++) {
      try (Predictor predictor = Predictors.load(modelPackage)) {
        predictor.predict(PredictRequest.of(input));
      }
    }
  }

  private static long residentKilobytes() throws Exception {
    System.gc();
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("[^0-9]", ""));
      }
    }
    return 0;
  }
}
