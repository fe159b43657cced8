package dev.slipway.serving.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.google.protobuf.ByteString;
import com.google.rpc.ErrorInfo;
import dev.slipway.inference.ModelConfig;
import dev.slipway.inference.ModelConfigRequest;
import dev.slipway.inference.ModelInput;
import dev.slipway.registry.v1.Stage;
import dev.slipway.runtime.paging.PageToken;
import dev.slipway.serving.testing.ServingHarness;
import dev.slipway.serving.v1.Column;
import dev.slipway.serving.v1.DataFrame;
import dev.slipway.serving.v1.DataType;
import dev.slipway.serving.v1.DescribeModelRequest;
import dev.slipway.serving.v1.DescribeModelResponse;
import dev.slipway.serving.v1.DoubleValues;
import dev.slipway.serving.v1.FloatValues;
import dev.slipway.serving.v1.Int32Values;
import dev.slipway.serving.v1.ListModelsRequest;
import dev.slipway.serving.v1.ListModelsResponse;
import dev.slipway.serving.v1.LoadRequest;
import dev.slipway.serving.v1.LoadResponse;
import dev.slipway.serving.v1.OutputForm;
import dev.slipway.serving.v1.PredictOptions;
import dev.slipway.serving.v1.PredictRequest;
import dev.slipway.serving.v1.PredictResponse;
import dev.slipway.serving.v1.Residence;
import dev.slipway.serving.v1.ServedModel;
import dev.slipway.serving.v1.StringValues;
import dev.slipway.serving.v1.Tensor;
import dev.slipway.serving.v1.TensorInfo;
import dev.slipway.serving.v1.Tensors;
import dev.slipway.serving.v1.UnloadRequest;
import dev.slipway.serving.v1.UnloadResponse;
import dev.slipway.serving.v1.VersionSelector;
import dev.slipway.serving.v1.VersionState;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServingServiceTest {
  @TempDir static Path folder;

  private static ServingHarness harness;

  @BeforeAll
  static void start() {
    harness = new ServingHarness(folder);
    harness.addScripted("m", 10, "none", Stage.STAGE_NONE);
    harness.addScripted("m", 20, "none", Stage.STAGE_PRODUCTION);
    harness.addOnnx("two", "two_in_two_out", Stage.STAGE_PRODUCTION);
    harness.registry.add(
        "booster",
        harness.artifacts.put(Path.of("src/test/models/xgboost-booster")),
        Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 2);
    ServingHarness.await(() -> isReady("two") && isReady("booster"));
  }

  private static boolean isReady(String model) {
    return harness
            .serving()
            .describeModel(DescribeModelRequest.newBuilder().setModel(model).build())
            .getVersion()
            .getState()
        == VersionState.VERSION_STATE_READY;
  }

  @AfterAll
  static void stop() {
    harness.close();
  }

  static Tensor.Builder floats(String name, float... values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      bytes.putFloat(value);
    }
    return Tensor.newBuilder()
        .setName(name)
        .setDataType(DataType.DATA_TYPE_FP32)
        .addShape(values.length)
        .setRaw(ByteString.copyFrom(bytes.flip()));
  }

  static float[] floats(Tensor tensor) {
    ByteBuffer bytes = tensor.getRaw().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    float[] values = new float[bytes.remaining() / 4];
    bytes.asFloatBuffer().get(values);
    return values;
  }

  private static PredictRequest.Builder ask(float... x) {
    return PredictRequest.newBuilder()
        .setModel("m")
        .setTensors(Tensors.newBuilder().addTensors(floats("x", x)));
  }

  @Test
  void predict_withoutSelector_isAnsweredByProductionWithProvenanceAndTimings() {
    PredictResponse response =
        harness
            .serving()
            .predict(
                ask(1, 2)
                    .setId("mine")
                    .setOptions(PredictOptions.newBuilder().setTimings(true))
                    .build());

    assertThat(floats(response.getTensors().getTensors(0))).containsExactly(21f, 22f);
    assertThat(response.getId()).isEqualTo("mine");
    assertThat(response.getProvenance().getVersion()).isEqualTo(2);
    assertThat(response.getProvenance().getStage()).isEqualTo(Stage.STAGE_PRODUCTION);
    assertThat(response.getProvenance().getPackageDigest()).hasSize(64);
    assertThat(response.getProvenance().getRunId()).hasSize(32);
    assertThat(response.getProvenance().getRegistryRevision()).isPositive();
    assertThat(response.getProvenance().getBatchRows()).isEqualTo(2);
    assertThat(response.getTimings().getComputeNanos()).isPositive();
    assertThat(response.getTimings().getTotalNanos())
        .isGreaterThanOrEqualTo(response.getTimings().getComputeNanos());
  }

  @Test
  void predict_typedContents_areAnsweredRaw() {
    PredictResponse response =
        harness
            .serving()
            .predict(
                PredictRequest.newBuilder()
                    .setModel("m")
                    .setSelector(VersionSelector.newBuilder().setVersion(1))
                    .setTensors(
                        Tensors.newBuilder()
                            .addTensors(
                                Tensor.newBuilder()
                                    .setName("x")
                                    .setDataType(DataType.DATA_TYPE_FP32)
                                    .addShape(1)
                                    .setFloats(FloatValues.newBuilder().addValues(5))))
                    .build());

    assertThat(floats(response.getTensors().getTensors(0))).containsExactly(15f);
    assertThat(response.getProvenance().getStage()).isEqualTo(Stage.STAGE_UNSPECIFIED);
  }

  @Test
  void predict_everythingWrong_isReportedAtOnceWithFieldPaths() {
    PredictRequest request =
        PredictRequest.newBuilder()
            .setModel("two")
            .setTensors(
                Tensors.newBuilder()
                    .addTensors(
                        Tensor.newBuilder().setName("a").addShape(1).setRaw(ByteString.EMPTY))
                    .addTensors(floats("b", 1).addShape(-1)))
            .addOutputs("nope")
            .putParameters(
                "p", dev.slipway.serving.v1.ParameterValue.newBuilder().setInt64Value(1).build())
            .build();

    assertThatThrownBy(() -> harness.serving().predict(request))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> {
              assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
              assertThat(StatusProto.fromThrowable(e).toString())
                  .contains("tensors.tensors[0].data_type")
                  .contains("tensors.tensors[1].shape")
                  .contains("outputs[0]")
                  .contains("parameters[p]");
            });
  }

  @Test
  void predict_wrongDatatype_namesTheFieldOfThisProtocol() {
    PredictRequest request =
        PredictRequest.newBuilder()
            .setModel("two")
            .setTensors(Tensors.newBuilder().addTensors(floats("a", 1)).addTensors(floats("b", 1)))
            .build();

    assertThatThrownBy(() -> harness.serving().predict(request))
        .hasMessageContaining("tensors.tensors[0].datatype")
        .hasMessageContaining("expected INT64");
  }

  @Test
  void predict_unknownModel_namesTheClosest() {
    assertThatThrownBy(() -> harness.serving().predict(ask(1).setModel("boster").build()))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> {
              assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.NOT_FOUND);
              ErrorInfo info = unpack(e);
              assertThat(info.getReason()).isEqualTo("MODEL_NOT_FOUND");
              assertThat(info.getMetadataOrThrow("closest")).contains("booster");
            });
  }

  private static ErrorInfo unpack(StatusRuntimeException e) {
    try {
      return StatusProto.fromThrowable(e).getDetails(0).unpack(ErrorInfo.class);
    } catch (com.google.protobuf.InvalidProtocolBufferException broken) {
      throw new AssertionError(broken);
    }
  }

  @Test
  void predict_missingNameAndInput_areBothReported() {
    assertThatThrownBy(() -> harness.serving().predict(PredictRequest.getDefaultInstance()))
        .hasMessageContaining("model: is required")
        .hasMessageContaining("input: is required");
  }

  private static Column.Builder doubles(String name, double... values) {
    DoubleValues.Builder list = DoubleValues.newBuilder();
    for (double value : values) {
      list.addValues(value);
    }
    return Column.newBuilder().setName(name).setDoubles(list);
  }

  @Test
  void predict_dataFrame_isTakenColumnByColumnAndWidened() {
    PredictRequest frame =
        PredictRequest.newBuilder()
            .setModel("booster")
            .setDataFrame(
                DataFrame.newBuilder()
                    .addColumns(
                        Column.newBuilder()
                            .setName("age")
                            .setInt32S(Int32Values.newBuilder().addValues(1).addValues(0)))
                    .addColumns(doubles("weight", 0.5, 7).addNullRows(1))
                    .addColumns(doubles("height", 0.25, -1)))
            .setOptions(PredictOptions.newBuilder().setOutputForm(OutputForm.OUTPUT_FORM_TENSORS))
            .build();
    ByteBuffer matrix = ByteBuffer.allocate(6 * 8).order(ByteOrder.LITTLE_ENDIAN);
    for (double value : new double[] {0.25, 0.5, 1, -1, Double.NaN, 0}) {
      matrix.putDouble(value);
    }
    PredictRequest tensors =
        PredictRequest.newBuilder()
            .setModel("booster")
            .setTensors(
                Tensors.newBuilder()
                    .addTensors(
                        Tensor.newBuilder()
                            .setName("features")
                            .setDataType(DataType.DATA_TYPE_FP64)
                            .addShape(2)
                            .addShape(3)
                            .setRaw(ByteString.copyFrom(matrix.flip()))))
            .build();

    Tensor fromFrame = harness.serving().predict(frame).getTensors().getTensors(0);
    assertThat(fromFrame).isEqualTo(harness.serving().predict(tensors).getTensors().getTensors(0));

    DataFrame answered =
        harness.serving().predict(frame.toBuilder().clearOptions().build()).getDataFrame();
    assertThat(answered.getRowCount()).isEqualTo(2);
    assertThat(answered.getColumns(0).getJson().getValuesCount()).isEqualTo(2);
    assertThat(answered.getColumns(0).getJson().getValues(0)).startsWith("[").endsWith("]");
  }

  @Test
  void predict_badDataFrame_reportsEveryColumn() {
    PredictRequest frame =
        PredictRequest.newBuilder()
            .setModel("booster")
            .setDataFrame(
                DataFrame.newBuilder()
                    .addColumns(doubles("heigth", 1))
                    .addColumns(
                        Column.newBuilder()
                            .setName("weight")
                            .setStrings(StringValues.newBuilder().addValues("x")))
                    .addColumns(doubles("age", 1, 2)))
            .build();

    assertThatThrownBy(() -> harness.serving().predict(frame))
        .hasMessageContaining("data_frame.columns[0].name")
        .hasMessageContaining("data_frame.columns[1].values")
        .hasMessageContaining("2 values for 1 rows");
  }

  @Test
  void predict_dataFrameToModelWithoutColumns_isRefused() {
    assertThatThrownBy(
            () ->
                harness
                    .serving()
                    .predict(
                        PredictRequest.newBuilder()
                            .setModel("m")
                            .setDataFrame(DataFrame.newBuilder().addColumns(doubles("x", 1)))
                            .build()))
        .hasMessageContaining("FAILED_PRECONDITION")
        .hasMessageContaining("has no columns");
  }

  @Test
  void loadAndUnload_areIdempotentAndSpareWhatAnswersAStage() {
    harness.addScripted("lazy", 1, "none", Stage.STAGE_NONE);
    LoadRequest load =
        LoadRequest.newBuilder()
            .setModel("lazy")
            .setSelector(VersionSelector.newBuilder().setVersion(1))
            .build();
    harness.awaitRevision();

    LoadResponse first = harness.serving().load(load);
    LoadResponse second = harness.serving().load(load);
    UnloadRequest unload =
        UnloadRequest.newBuilder().setModel("lazy").setSelector(load.getSelector()).build();
    UnloadResponse gone = harness.serving().unload(unload);
    UnloadResponse again = harness.serving().unload(unload);

    assertThat(first.getAlreadyLoaded()).isFalse();
    assertThat(first.getVersion().getState()).isEqualTo(VersionState.VERSION_STATE_READY);
    assertThat(first.getVersion().getResidence()).isEqualTo(Residence.RESIDENCE_ON_DEMAND);
    assertThat(second.getAlreadyLoaded()).isTrue();
    assertThat(gone.getWasLoaded()).isTrue();
    assertThat(again.getWasLoaded()).isFalse();
    assertThatThrownBy(
            () -> harness.serving().unload(UnloadRequest.newBuilder().setModel("m").build()))
        .hasMessageContaining("answers for a stage");
  }

  @Test
  void listModels_pagesFiltersAndTellsTheRevision() {
    ListModelsRequest request =
        ListModelsRequest.newBuilder()
            .setPageSize(1)
            .addStates(VersionState.VERSION_STATE_READY)
            .build();

    ListModelsResponse first = harness.serving().listModels(request);
    ListModelsResponse second =
        harness
            .serving()
            .listModels(request.toBuilder().setPageToken(first.getNextPageToken()).build());

    assertThat(first.getModels(0).getName()).isEqualTo("booster");
    assertThat(second.getModels(0).getName()).isEqualTo("m");
    assertThat(first.getRegistryConnected()).isTrue();
    assertThat(first.getRegistryRevision()).isPositive();
    assertThatThrownBy(
            () ->
                harness
                    .serving()
                    .listModels(
                        ListModelsRequest.newBuilder()
                            .setPageToken(first.getNextPageToken())
                            .setNamePattern("m*")
                            .build()))
        .hasMessageContaining("page_token");
    String forged = PageToken.encode("|[]", List.of());
    assertThatThrownBy(
            () ->
                harness
                    .serving()
                    .listModels(ListModelsRequest.newBuilder().setPageToken(forged).build()))
        .hasMessageContaining("INVALID_ARGUMENT")
        .hasMessageContaining("page_token");
    ServedModel m =
        harness
            .serving()
            .listModels(ListModelsRequest.newBuilder().setNamePattern("m").build())
            .getModels(0);
    assertThat(m.getFollowed()).isTrue();
    assertThat(m.getVersionsList())
        .anySatisfy(
            version -> {
              assertThat(version.getVersion()).isEqualTo(2);
              assertThat(version.getAnswersStage()).isTrue();
              assertThat(version.getResidence()).isEqualTo(Residence.RESIDENCE_PINNED);
            });
  }

  @Test
  void describeModelAndModelConfig_tellWhichInputsMayBeLeftOut() {
    DescribeModelResponse booster =
        harness
            .serving()
            .describeModel(DescribeModelRequest.newBuilder().setModel("booster").build());
    ModelConfig config =
        harness
            .inference()
            .modelConfig(ModelConfigRequest.newBuilder().setName("booster").build())
            .getConfig();

    assertThat(booster.getInputsList())
        .extracting(TensorInfo::getName, TensorInfo::getOptional)
        .containsExactly(tuple("height", false), tuple("weight", true), tuple("age", false));
    assertThat(config.getInputList())
        .extracting(ModelInput::getName, ModelInput::getOptional)
        .containsExactly(tuple("height", false), tuple("weight", true), tuple("age", false));
    assertThat(booster.getOutputsList()).noneMatch(TensorInfo::getOptional);
  }

  @Test
  void describeModel_tellsTensorsFiguresAndWarmUp() {
    harness.serving().predict(ask(1, 2, 3).build());

    DescribeModelResponse response =
        harness.serving().describeModel(DescribeModelRequest.newBuilder().setModel("m").build());

    assertThat(response.getVersion().getVersion()).isEqualTo(2);
    assertThat(response.getVersion().getPlatform()).isEqualTo("scripted_test");
    assertThat(response.getInputs(0).getName()).isEqualTo("x");
    assertThat(response.getOutputs(0).getShapeList()).containsExactly(-1L);
    assertThat(response.getWarmUp(0).getName()).isEqualTo("one");
    assertThat(response.getStatistics().getRows()).isPositive();
    assertThat(response.getStatistics().getLatency().getCount()).isPositive();
    assertThat(response.getPackageBytes()).isPositive();
    assertThat(response.getSettings().getAdmission().getMaxQueued()).isPositive();
  }
}
