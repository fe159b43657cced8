package dev.slipway.serving.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.slipway.inference.InferParameter;
import dev.slipway.inference.InferTensorContents;
import dev.slipway.inference.ModelConfigRequest;
import dev.slipway.inference.ModelInferRequest;
import dev.slipway.inference.ModelInferRequest.InferInputTensor;
import dev.slipway.inference.ModelInferRequest.InferRequestedOutputTensor;
import dev.slipway.inference.ModelInferResponse;
import dev.slipway.inference.ModelMetadataRequest;
import dev.slipway.inference.ModelMetadataResponse;
import dev.slipway.inference.ModelReadyRequest;
import dev.slipway.inference.ModelRepositoryParameter;
import dev.slipway.inference.ModelStatisticsRequest;
import dev.slipway.inference.RepositoryIndexRequest;
import dev.slipway.inference.RepositoryModelLoadRequest;
import dev.slipway.inference.RepositoryModelUnloadRequest;
import dev.slipway.inference.ServerLiveRequest;
import dev.slipway.inference.ServerMetadataRequest;
import dev.slipway.inference.ServerReadyRequest;
import dev.slipway.inference.SystemSharedMemoryStatusRequest;
import dev.slipway.registry.v1.Stage;
import dev.slipway.serving.testing.ServingHarness;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What unmodified Open Inference clients rely on, against real ONNX models. */
class OpenInferenceConformanceTest {
  @TempDir static Path folder;

  private static ServingHarness harness;

  @BeforeAll
  static void start() {
    harness = new ServingHarness(folder);
    harness.addScripted("m", 10, "none", Stage.STAGE_NONE);
    harness.addScripted("m", 20, "none", Stage.STAGE_STAGING);
    harness.addScripted("m", 30, "none", Stage.STAGE_PRODUCTION);
    harness.registry.update("m", 1, version -> version.addAliases("champion"));
    harness.addScripted("resting", 1, "none", Stage.STAGE_NONE);
    harness.addOnnx("two", "two_in_two_out", Stage.STAGE_PRODUCTION);
    harness.addOnnx("fixed", "transpose", Stage.STAGE_PRODUCTION);
    datatypes()
        .map(arguments -> (String) arguments.get()[0])
        .forEach(
            type ->
                harness.addOnnx(
                    "identity-" + type,
                    "identity_" + type.toLowerCase(java.util.Locale.ROOT),
                    Stage.STAGE_PRODUCTION));
    harness.awaitReady();
  }

  @AfterAll
  static void stop() {
    harness.close();
  }

  /** Datatype, typed contents of two elements, and the bytes that they are on the wire. */
  static Stream<Arguments> datatypes() {
    InferTensorContents none = InferTensorContents.getDefaultInstance();
    return Stream.of(
        Arguments.of(
            "BOOL", none.toBuilder().addBoolContents(true).addBoolContents(false).build(), "0100"),
        Arguments.of(
            "UINT8", none.toBuilder().addUintContents(1).addUintContents(255).build(), "01ff"),
        Arguments.of(
            "UINT16",
            none.toBuilder().addUintContents(1).addUintContents(65535).build(),
            "0100ffff"),
        Arguments.of(
            "UINT32",
            none.toBuilder().addUintContents(1).addUintContents(-1).build(),
            "01000000ffffffff"),
        Arguments.of(
            "UINT64",
            none.toBuilder().addUint64Contents(1).addUint64Contents(-1).build(),
            "0100000000000000ffffffffffffffff"),
        Arguments.of("INT8", none.toBuilder().addIntContents(1).addIntContents(-2).build(), "01fe"),
        Arguments.of(
            "INT16", none.toBuilder().addIntContents(1).addIntContents(-2).build(), "0100feff"),
        Arguments.of(
            "INT32",
            none.toBuilder().addIntContents(1).addIntContents(-2).build(),
            "01000000feffffff"),
        Arguments.of(
            "INT64",
            none.toBuilder().addInt64Contents(1).addInt64Contents(-1).build(),
            "0100000000000000ffffffffffffffff"),
        Arguments.of("FP16", none, "003c00bc"),
        Arguments.of("BF16", none, "803f80bf"),
        Arguments.of(
            "FP32",
            none.toBuilder().addFp32Contents(1).addFp32Contents(2).build(),
            "0000803f00000040"),
        Arguments.of(
            "FP64",
            none.toBuilder().addFp64Contents(1).addFp64Contents(2).build(),
            "000000000000f03f0000000000000040"),
        Arguments.of(
            "BYTES",
            none.toBuilder()
                .addBytesContents(ByteString.copyFromUtf8("ab"))
                .addBytesContents(ByteString.EMPTY)
                .build(),
            "02000000616200000000"));
  }

  private static ByteString hex(String hex) {
    return ByteString.copyFrom(HexFormat.of().parseHex(hex));
  }

  private static ModelInferRequest.Builder identity(String type) {
    return ModelInferRequest.newBuilder()
        .setModelName("identity-" + type)
        .setId("id-1")
        .addInputs(
            InferInputTensor.newBuilder().setName("in").setDatatype(type).addShape(1).addShape(2));
  }

  @ParameterizedTest
  @MethodSource("datatypes")
  void modelInfer_rawBytesOfEveryDatatype_comeBackUnchanged(
      String type, InferTensorContents typed, String bytes) {
    ModelInferResponse response =
        harness.inference().modelInfer(identity(type).addRawInputContents(hex(bytes)).build());

    assertThat(response.getRawOutputContentsList()).containsExactly(hex(bytes));
    assertThat(response.getOutputs(0).getDatatype()).isEqualTo(type);
    assertThat(response.getOutputs(0).getShapeList()).containsExactly(1L, 2L);
    assertThat(response.getOutputs(0).hasContents()).isFalse();
    assertThat(response.getId()).isEqualTo("id-1");
    assertThat(response.getModelVersion()).isEqualTo("1");
  }

  @ParameterizedTest
  @MethodSource("datatypes")
  void modelInfer_typedContents_areAnsweredRaw(
      String type, InferTensorContents typed, String bytes) {
    ModelInferRequest.Builder request = identity(type);
    request.getInputsBuilder(0).setContents(typed);
    if (type.equals("FP16") || type.equals("BF16")) {
      assertInvalid(request.build(), "raw_input_contents only");
      return;
    }

    ModelInferResponse response = harness.inference().modelInfer(request.build());

    assertThat(response.getRawOutputContentsList()).containsExactly(hex(bytes));
    assertThat(response.getOutputs(0).hasContents()).isFalse();
  }

  @Test
  void modelInfer_goldenBytesOfTheProtocol_parseToTheSameRequest() throws Exception {
    byte[] golden =
        HexFormat.of()
            .parseHex(
                "0A016D2A0D0A0178120446503332".toLowerCase(java.util.Locale.ROOT)
                    + "1a0201023a080000803f00000040");
    ModelInferRequest parsed = ModelInferRequest.parseFrom(golden);

    assertThat(parsed.getModelName()).isEqualTo("m");
    assertThat(parsed.getInputs(0).getName()).isEqualTo("x");
    assertThat(parsed.getInputs(0).getDatatype()).isEqualTo("FP32");
    assertThat(parsed.getInputs(0).getShapeList()).containsExactly(1L, 2L);
    assertThat(parsed.toByteArray()).isEqualTo(golden);
  }

  static Stream<Arguments> malformed() {
    ModelInferRequest ok = identity("INT32").addRawInputContents(hex("0100000002000000")).build();
    ModelInferRequest noRaw = identity("INT32").build();
    return Stream.of(
        Arguments.of("chunk one byte short", withRaw(noRaw, "01000000020000"), "7 bytes"),
        Arguments.of("chunk one byte long", withRaw(noRaw, "010000000200000000"), "9 bytes"),
        Arguments.of("more chunks than inputs", withRaw(ok, "00"), "2 chunks for 1 inputs"),
        Arguments.of("no contents at all", noRaw, "0 bytes"),
        Arguments.of(
            "raw and typed",
            withInput(
                ok, input -> input.setContents(InferTensorContents.newBuilder().addIntContents(1))),
            "typed contents beside raw_input_contents"),
        Arguments.of(
            "unknown datatype",
            withInput(ok, input -> input.setDatatype("int32")),
            "unknown datatype \"int32\""),
        Arguments.of(
            "other datatype",
            withInput(ok, input -> input.setDatatype("UINT32")),
            "expected INT32"),
        Arguments.of(
            "unknown input", withInput(ok, input -> input.setName("inn")), "unknown input \"inn\""),
        Arguments.of("rank", withInput(ok, input -> input.clearShape().addShape(2)), "dimensions"),
        Arguments.of(
            "fixed size",
            withInput(ok, input -> input.clearShape().addShape(2).addShape(1)),
            "expected 2"),
        Arguments.of(
            "negative size",
            withInput(ok, input -> input.clearShape().addShape(-1).addShape(2)),
            "negative size"),
        Arguments.of(
            "product overflows",
            withInput(ok, input -> input.clearShape().addShape(1L << 62).addShape(4)),
            "more elements"),
        Arguments.of(
            "product beyond any message",
            withInput(ok, input -> input.clearShape().addShape(1L << 40).addShape(2)),
            "elements of 4 bytes"),
        Arguments.of(
            "wrong typed list",
            withInput(
                noRaw,
                input -> input.setContents(InferTensorContents.newBuilder().addFp32Contents(1))),
            "fp32_contents"),
        Arguments.of(
            "too few typed values",
            withInput(
                noRaw,
                input -> input.setContents(InferTensorContents.newBuilder().addIntContents(1))),
            "4 bytes"),
        Arguments.of(
            "twice the same input",
            ok.toBuilder()
                .addInputs(ok.getInputs(0))
                .addRawInputContents(ok.getRawInputContents(0))
                .build(),
            "given twice"),
        Arguments.of(
            "missing input",
            ok.toBuilder().clearInputs().clearRawInputContents().build(),
            "missing input \"in\""),
        Arguments.of(
            "unknown output",
            ok.toBuilder()
                .addOutputs(InferRequestedOutputTensor.newBuilder().setName("nope"))
                .build(),
            "unknown output \"nope\""),
        Arguments.of(
            "undeclared parameter",
            ok.toBuilder()
                .putParameters("temperature", InferParameter.newBuilder().setInt64Param(1).build())
                .build(),
            "temperature"),
        Arguments.of(
            "reserved parameter",
            ok.toBuilder()
                .putParameters("triton_x", InferParameter.newBuilder().setInt64Param(1).build())
                .build(),
            "reserved"),
        Arguments.of(
            "typed value out of range",
            identity("INT8")
                .setInputs(
                    0,
                    InferInputTensor.newBuilder()
                        .setName("in")
                        .setDatatype("INT8")
                        .addShape(1)
                        .addShape(2)
                        .setContents(
                            InferTensorContents.newBuilder().addIntContents(1).addIntContents(128)))
                .build(),
            "element 1 is 128"),
        Arguments.of(
            "length prefix overruns",
            identity("BYTES").addRawInputContents(hex("ffffffff6162")).build(),
            "4294967295 bytes"),
        Arguments.of(
            "bytes left over",
            identity("BYTES").addRawInputContents(hex("000000000000000001")).build(),
            "follow the last"));
  }

  private static ModelInferRequest withRaw(ModelInferRequest request, String chunk) {
    return request.toBuilder().addRawInputContents(hex(chunk)).build();
  }

  private static ModelInferRequest withInput(
      ModelInferRequest request,
      java.util.function.UnaryOperator<InferInputTensor.Builder> change) {
    return request.toBuilder().setInputs(0, change.apply(request.getInputs(0).toBuilder())).build();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("malformed")
  void modelInfer_malformedRequest_isRefusedWithTheReason(
      String what, ModelInferRequest request, String part) {
    assertInvalid(request, part);
  }

  private static void assertInvalid(ModelInferRequest request, String part) {
    assertThatThrownBy(() -> harness.inference().modelInfer(request))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> {
              assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
              assertThat(e.getStatus().getDescription()).contains(part);
            });
  }

  @Test
  void modelInfer_severalFaults_areAllReportedWithTheirFields() {
    ModelInferRequest request =
        ModelInferRequest.newBuilder()
            .setModelName("two")
            .addInputs(InferInputTensor.newBuilder().setName("a").setDatatype("NOPE").addShape(1))
            .addInputs(InferInputTensor.newBuilder().setName("b").setDatatype("FP64").addShape(-3))
            .addOutputs(InferRequestedOutputTensor.newBuilder().setName("sum"))
            .addOutputs(InferRequestedOutputTensor.newBuilder().setName("sum"))
            .addRawInputContents(hex("00"))
            .addRawInputContents(hex("00"))
            .build();

    assertThatThrownBy(() -> harness.inference().modelInfer(request))
        .hasMessageContaining("inputs[0].datatype")
        .hasMessageContaining("inputs[1].shape")
        .hasMessageContaining("outputs[1]");
  }

  @Test
  void modelInfer_zeroRows_isAnsweredWithZeroRows() {
    ModelInferRequest request = ServingHarness.ask("m", "");

    ModelInferResponse response = harness.inference().modelInfer(request);

    assertThat(response.getOutputs(0).getShapeList()).containsExactly(0L);
    assertThat(response.getRawOutputContentsList()).containsExactly(ByteString.EMPTY);
  }

  @Test
  void modelInfer_outputsInReverseOrder_comeInThatOrderWithTheirChunks() {
    ModelInferRequest request =
        ModelInferRequest.newBuilder()
            .setModelName("two")
            .addInputs(InferInputTensor.newBuilder().setName("b").setDatatype("FP64").addShape(1))
            .addInputs(InferInputTensor.newBuilder().setName("a").setDatatype("INT64").addShape(1))
            .addRawInputContents(hex("000000000000f03f"))
            .addRawInputContents(hex("0200000000000000"))
            .addOutputs(InferRequestedOutputTensor.newBuilder().setName("greater"))
            .addOutputs(InferRequestedOutputTensor.newBuilder().setName("sum"))
            .build();

    ModelInferResponse response = harness.inference().modelInfer(request);

    assertThat(response.getOutputsList())
        .extracting(ModelInferResponse.InferOutputTensor::getName)
        .containsExactly("greater", "sum");
    assertThat(response.getRawOutputContentsList())
        .containsExactly(hex("01"), hex("0000000000000840"));
  }

  @Test
  void modelInfer_sharedMemory_isUnimplemented() {
    ModelInferRequest.Builder request = identity("INT32");
    request
        .getInputsBuilder(0)
        .putParameters(
            "shared_memory_region", InferParameter.newBuilder().setStringParam("r").build());

    assertThatThrownBy(() -> harness.inference().modelInfer(request.build()))
        .hasMessageContaining("UNIMPLEMENTED")
        .hasMessageContaining("shared_memory_region");
  }

  static Stream<Arguments> versionSlots() {
    return Stream.of(
        Arguments.of("", "3", "Production"),
        Arguments.of("2", "2", ""),
        Arguments.of("pRoDuCtIoN", "3", "Production"),
        Arguments.of("staging", "2", "Staging"),
        Arguments.of("None", "1", "None"),
        Arguments.of("LATEST", "3", ""),
        Arguments.of("champion", "1", ""));
  }

  @ParameterizedTest
  @MethodSource("versionSlots")
  void modelInfer_versionSlot_choosesTheVersionAndSaysSo(
      String slot, String version, String stage) {
    ModelInferResponse response = harness.inference().modelInfer(ServingHarness.ask("m", slot, 1f));

    assertThat(response.getModelVersion()).isEqualTo(version);
    assertThat(ServingHarness.y(response)).isEqualTo(1 + 10f * Integer.parseInt(version));
    assertThat(response.getParametersMap().get("slipway_version").getStringParam())
        .isEqualTo(version);
    assertThat(response.getParametersMap().get("slipway_digest").getStringParam()).hasSize(64);
    assertThat(response.getParametersMap().get("slipway_run_id").getStringParam()).hasSize(32);
    assertThat(response.getParametersMap().get("slipway_revision").getInt64Param()).isPositive();
    if (stage.isEmpty()) {
      assertThat(response.getParametersMap()).doesNotContainKey("slipway_stage");
    } else {
      assertThat(response.getParametersMap().get("slipway_stage").getStringParam())
          .isEqualTo(stage);
    }
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("absent")
  void modelInfer_nothingThere_saysWhatThereIs(
      String model, String slot, Status.Code code, String part) {
    assertThatThrownBy(() -> harness.inference().modelInfer(ServingHarness.ask(model, slot, 1f)))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> {
              assertThat(e.getStatus().getCode()).isEqualTo(code);
              assertThat(e.getStatus().getDescription()).contains(part);
            });
  }

  static Stream<Arguments> absent() {
    return Stream.of(
        Arguments.of("two2", "", Status.Code.NOT_FOUND, "did you mean two"),
        Arguments.of("m", "77", Status.Code.NOT_FOUND, "version 3 (Production)"),
        Arguments.of(
            "m", "99999999999999999999", Status.Code.INVALID_ARGUMENT, "no version has the number"),
        Arguments.of("m", "0", Status.Code.INVALID_ARGUMENT, "at least 1"),
        Arguments.of("m", "challenger", Status.Code.NOT_FOUND, "it has champion"),
        Arguments.of("resting", "", Status.Code.FAILED_PRECONDITION, "version 1 (None)"));
  }

  @Test
  void modelMetadata_isCompleteAndHasNoFieldSix() throws Exception {
    ModelMetadataResponse response =
        harness.inference().modelMetadata(ModelMetadataRequest.newBuilder().setName("two").build());

    assertThat(response.getPlatform()).isEqualTo("onnxruntime_onnx");
    assertThat(response.getVersionsList()).containsExactly("1");
    assertThat(response.getInputsList())
        .extracting(ModelMetadataResponse.TensorMetadata::getName)
        .containsExactly("a", "b");
    assertThat(response.getInputs(0).getDatatype()).isEqualTo("INT64");
    assertThat(response.getInputs(0).getShapeList()).containsExactly(-1L);
    assertThat(
            com.google.protobuf.UnknownFieldSet.parseFrom(response.toByteArray()).asMap().keySet())
        .containsExactlyInAnyOrder(1, 2, 3, 4, 5);
  }

  @Test
  void modelConfig_leavesTheBatchDimensionOut() {
    var two =
        harness
            .inference()
            .modelConfig(ModelConfigRequest.newBuilder().setName("two").build())
            .getConfig();
    var fixed =
        harness
            .inference()
            .modelConfig(ModelConfigRequest.newBuilder().setName("fixed").build())
            .getConfig();

    assertThat(two.getMaxBatchSize()).isPositive();
    assertThat(two.getInput(0).getDimsList()).isEmpty();
    assertThat(two.getBackend()).isEqualTo("onnxruntime");
    assertThat(fixed.getMaxBatchSize()).isZero();
    assertThat(fixed.getInput(0).getDimsList()).containsExactly(2L, 3L);
  }

  @Test
  void health_tellsLiveReadyAndModelReady() {
    assertThat(harness.inference().serverLive(ServerLiveRequest.getDefaultInstance()).getLive())
        .isTrue();
    assertThat(harness.inference().serverReady(ServerReadyRequest.getDefaultInstance()).getReady())
        .isTrue();
    assertThat(
            harness
                .inference()
                .serverMetadata(ServerMetadataRequest.getDefaultInstance())
                .getName())
        .isEqualTo("slipway");
    assertThat(ready("m", "")).isTrue();
    assertThat(ready("resting", "1")).isFalse();
    assertThat(ready("resting", "")).isFalse();
    assertThatThrownBy(() -> ready("nothing", "")).hasMessageContaining("NOT_FOUND");
  }

  private static boolean ready(String model, String version) {
    return harness
        .inference()
        .modelReady(ModelReadyRequest.newBuilder().setName(model).setVersion(version).build())
        .getReady();
  }

  @Test
  void repository_loadAndUnload_takeTheNameInEitherField() {
    harness.addScripted("kserve", 1, "none", Stage.STAGE_NONE);
    ModelRepositoryParameter first =
        ModelRepositoryParameter.newBuilder().setStringParam("1").build();
    harness.awaitRevision();

    var loaded =
        harness
            .inference()
            .repositoryModelLoad(
                RepositoryModelLoadRequest.newBuilder()
                    .setRepositoryName("kserve")
                    .putParameters("version", first)
                    .build());
    assertThat(loaded.getModelName()).isEqualTo("kserve");
    assertThat(loaded.getIsLoaded()).isTrue();
    assertThat(state("kserve")).isEqualTo(List.of("1 READY"));
    harness
        .inference()
        .repositoryModelUnload(
            RepositoryModelUnloadRequest.newBuilder().setModelName("kserve").build());
    assertThat(ready("kserve", "1")).isFalse();
    assertThatThrownBy(
            () ->
                harness
                    .inference()
                    .repositoryModelLoad(
                        RepositoryModelLoadRequest.newBuilder()
                            .setModelName("kserve")
                            .putParameters(
                                "config",
                                ModelRepositoryParameter.newBuilder().setStringParam("{}").build())
                            .build()))
        .hasMessageContaining("INVALID_ARGUMENT");
  }

  private static List<String> state(String model) {
    return harness
        .inference()
        .repositoryIndex(RepositoryIndexRequest.getDefaultInstance())
        .getModelsList()
        .stream()
        .filter(row -> row.getName().equals(model))
        .map(row -> row.getVersion() + " " + row.getState())
        .toList();
  }

  @Test
  void statistics_countRowsAndCalls() {
    harness.addScripted("counted", 1, "none", Stage.STAGE_PRODUCTION);
    harness.awaitProduction("counted", 1);
    var before = statistics("counted");

    harness.inference().modelInfer(ServingHarness.ask("counted", "", 1f, 2f, 3f));

    var after = statistics("counted");
    assertThat(after.getInferenceCount() - before.getInferenceCount()).isEqualTo(3);
    assertThat(after.getExecutionCount() - before.getExecutionCount()).isEqualTo(1);
    assertThat(after.getInferenceStats().getSuccess().getCount())
        .isEqualTo(before.getInferenceStats().getSuccess().getCount() + 1);
    assertThat(after.getLastInference()).isPositive();
    assertThat(after.getMemoryUsageList())
        .singleElement()
        .satisfies(
            memory -> {
              assertThat(memory.getType()).isEqualTo("CPU");
              assertThat(memory.getByteSize()).isPositive();
            });
  }

  private static dev.slipway.inference.ModelStatistics statistics(String model) {
    return harness
        .inference()
        .modelStatistics(ModelStatisticsRequest.newBuilder().setName(model).build())
        .getModelStats(0);
  }

  @Test
  void extensionsThatAreNotOffered_areUnimplemented() {
    assertThatThrownBy(
            () ->
                harness
                    .inference()
                    .systemSharedMemoryStatus(SystemSharedMemoryStatusRequest.getDefaultInstance()))
        .hasMessageContaining("UNIMPLEMENTED");
  }
}
