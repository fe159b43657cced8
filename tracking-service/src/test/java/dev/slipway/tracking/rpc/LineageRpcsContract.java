package dev.slipway.tracking.rpc;

import static dev.slipway.tracking.rpc.Errors.assertFails;
import static dev.slipway.tracking.rpc.Errors.assertInvalid;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.rpc.ErrorInfo;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.GrpcServerExtension;
import dev.slipway.tracking.v1.CreateLoggedModelRequest;
import dev.slipway.tracking.v1.CreateRunRequest;
import dev.slipway.tracking.v1.Dataset;
import dev.slipway.tracking.v1.DatasetInput;
import dev.slipway.tracking.v1.DatasetSummary;
import dev.slipway.tracking.v1.DeleteRunRequest;
import dev.slipway.tracking.v1.GetRunRequest;
import dev.slipway.tracking.v1.LogInputsRequest;
import dev.slipway.tracking.v1.LogOutputsRequest;
import dev.slipway.tracking.v1.ModelInput;
import dev.slipway.tracking.v1.ModelOutput;
import dev.slipway.tracking.v1.Run;
import dev.slipway.tracking.v1.RunProjection;
import dev.slipway.tracking.v1.SearchDatasetsRequest;
import dev.slipway.tracking.v1.SearchDatasetsResponse;
import dev.slipway.tracking.v1.SearchRunsRequest;
import dev.slipway.tracking.v1.Tag;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import dev.slipway.tracking.v1.TrackingServiceGrpc.TrackingServiceBlockingStub;
import io.grpc.Status;
import java.time.Clock;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Holds the calls about data sets and models of runs, on every database. */
abstract class LineageRpcsContract {
  private static final String ABSENT_RUN = "0".repeat(32);
  private static final String ABSENT_MODEL = "m-" + ABSENT_RUN;

  @RegisterExtension
  private final GrpcServerExtension server =
      TrackingServers.inProcess(this::newDatabase, Clock.systemUTC());

  abstract DatabaseConfig newDatabase();

  private TrackingServiceBlockingStub stub() {
    return TrackingServiceGrpc.newBlockingStub(server.channel());
  }

  private String newRun() {
    return stub().createRun(CreateRunRequest.getDefaultInstance()).getInfo().getRunId();
  }

  private String newModel() {
    return stub()
        .createLoggedModel(CreateLoggedModelRequest.newBuilder().setExperimentId("0").build())
        .getInfo()
        .getModelId();
  }

  private Run get(String run) {
    return stub().getRun(GetRunRequest.newBuilder().setRunId(run).build());
  }

  private static DatasetInput input(String name, String digest, String context) {
    return DatasetInput.newBuilder()
        .setDataset(
            Dataset.newBuilder()
                .setName(name)
                .setDigest(digest)
                .setSourceType("local")
                .setSource("s")
                .setSchema("{}"))
        .addTags(Tag.newBuilder().setKey("mlflow.data.context").setValue(context))
        .build();
  }

  private static ModelInput modelInput(String id) {
    return ModelInput.newBuilder().setModelId(id).build();
  }

  private static ModelOutput modelOutput(String id, long step) {
    return ModelOutput.newBuilder().setModelId(id).setStep(step).build();
  }

  private void logInputs(String run, List<DatasetInput> datasets, String... models) {
    LogInputsRequest.Builder request =
        LogInputsRequest.newBuilder().setRunId(run).addAllDatasets(datasets);
    for (String model : models) {
      request.addModels(modelInput(model));
    }
    stub().logInputs(request.build());
  }

  private void logOutputs(String run, ModelOutput... models) {
    stub()
        .logOutputs(
            LogOutputsRequest.newBuilder().setRunId(run).addAllModels(List.of(models)).build());
  }

  @Test
  void inputsAndOutputs_comeWithTheRunUnlessLeftOut() {
    String run = newRun();
    String read = newModel();
    String made = newModel();
    logInputs(
        run,
        List.of(input("d", "1", "training"), input("d", "1", "eval"), input("e", "1", "")),
        read,
        read);
    logOutputs(run, modelOutput(made, 3), modelOutput(made, 5), modelOutput(read, -2));

    Run whole = get(run);
    assertThat(whole.getInputs().getDatasetInputsList())
        .containsExactly(input("d", "1", "training"), input("e", "1", ""));
    assertThat(whole.getInputs().getModelInputsList()).containsExactly(modelInput(read));
    assertThat(whole.getOutputs().getModelOutputsList())
        .containsExactly(modelOutput(made, 5), modelOutput(read, -2));
    SearchRunsRequest search =
        SearchRunsRequest.newBuilder()
            .addExperimentIds("0")
            .setFilter("datasets.context = 'training'")
            .build();
    assertThat(stub().searchRuns(search).getRunsList()).containsExactly(whole);
    RunProjection without = RunProjection.newBuilder().setOmitInputsAndOutputs(true).build();
    Run bare = whole.toBuilder().clearInputs().clearOutputs().build();
    for (Run found :
        List.of(
            stub().searchRuns(search.toBuilder().setProjection(without).build()).getRuns(0),
            stub()
                .getRun(GetRunRequest.newBuilder().setRunId(run).setProjection(without).build()))) {
      assertThat(found.getInputs().getSerializedSize()).isZero();
      assertThat(found.getOutputs().getSerializedSize()).isZero();
      assertThat(found.getData()).isEqualTo(bare.getData());
    }
    logInputs(run, List.of());
    assertThat(get(run)).isEqualTo(whole);
  }

  @Test
  void largeDatasets_comeInFullOnlyOnRequest() {
    String run = newRun();
    DatasetInput large = input("d", "1", "training");
    large =
        large.toBuilder()
            .setDataset(large.getDataset().toBuilder().setProfile("x".repeat(1_200_000)))
            .build();
    logInputs(run, List.of(large));
    assertThat(get(run).getInputs().getDatasetInputsList())
        .containsExactly(
            large.toBuilder()
                .setDataset(
                    large.getDataset().toBuilder()
                        .clearSource()
                        .clearSchema()
                        .clearProfile()
                        .setDetailsOmitted(true))
                .build());
    GetRunRequest full = GetRunRequest.newBuilder().setRunId(run).setFullDatasets(true).build();
    assertThat(stub().getRun(full).getInputs().getDatasetInputsList()).containsExactly(large);
    assertInvalid(
        () ->
            stub()
                .getRun(
                    full.toBuilder()
                        .setProjection(RunProjection.newBuilder().setOmitInputsAndOutputs(true))
                        .build()),
        "full_datasets");
  }

  @Test
  void absentOrDeletedThings_areRefused() {
    String run = newRun();
    String model = newModel();
    assertFails(() -> logInputs(ABSENT_RUN, List.of()), Status.Code.NOT_FOUND, "RUN_NOT_FOUND");
    assertFails(
        () -> logOutputs(ABSENT_RUN, modelOutput(model, 0)),
        Status.Code.NOT_FOUND,
        "RUN_NOT_FOUND");
    ErrorInfo info =
        assertFails(
            () -> logInputs(run, List.of(input("d", "1", "")), model, ABSENT_MODEL),
            Status.Code.NOT_FOUND,
            "LOGGED_MODEL_NOT_FOUND");
    assertThat(info.getMetadataMap()).containsEntry("model_id", ABSENT_MODEL);
    assertFails(
        () -> logOutputs(run, modelOutput(model, 0), modelOutput(ABSENT_MODEL, 0)),
        Status.Code.NOT_FOUND,
        "LOGGED_MODEL_NOT_FOUND");
    assertThat(get(run).getInputs().getSerializedSize()).isZero();
    assertThat(get(run).getOutputs().getSerializedSize()).isZero();
    stub().deleteRun(DeleteRunRequest.newBuilder().setRunId(run).build());
    assertFails(
        () -> logInputs(run, List.of(), model), Status.Code.FAILED_PRECONDITION, "RUN_NOT_ACTIVE");
    assertFails(
        () -> logOutputs(run, modelOutput(model, 0)),
        Status.Code.FAILED_PRECONDITION,
        "RUN_NOT_ACTIVE");
  }

  @Test
  void badInput_namesEveryFieldAtOnce() {
    DatasetInput bad =
        DatasetInput.newBuilder()
            .setDataset(
                Dataset.newBuilder()
                    .setName("x".repeat(501))
                    .setDigest("x".repeat(37))
                    .setSourceType("x".repeat(37))
                    .setSource("x".repeat(65_536))
                    .setSchema("x".repeat(1_048_576))
                    .setProfile("\0"))
            .addTags(Tag.getDefaultInstance())
            .addTags(Tag.newBuilder().setKey("x".repeat(256)).setValue("x".repeat(501)))
            .build();
    assertInvalid(
        () -> logInputs("x", List.of(bad, DatasetInput.getDefaultInstance()), "", "m-1"),
        "run_id",
        "datasets[0].dataset.name",
        "datasets[0].dataset.digest",
        "datasets[0].dataset.source_type",
        "datasets[0].dataset.source",
        "datasets[0].dataset.schema",
        "datasets[0].dataset.profile",
        "datasets[0].tags[0].key",
        "datasets[0].tags[1].key",
        "datasets[0].tags[1].value",
        "datasets[1].dataset.name",
        "datasets[1].dataset.digest",
        "datasets[1].dataset.source_type",
        "datasets[1].dataset.source",
        "models[0].model_id",
        "models[1].model_id");
    DatasetInput.Builder tagged = input("d", "1", "").toBuilder();
    IntStream.range(0, 100).forEach(i -> tagged.addTags(Tag.newBuilder().setKey("any key? " + i)));
    LogInputsRequest.Builder tooMany = LogInputsRequest.newBuilder().setRunId(ABSENT_RUN);
    tooMany.addDatasets(tagged);
    IntStream.range(0, 1000).forEach(i -> tooMany.addDatasets(input("d", "" + i, "")));
    IntStream.range(0, 1001).forEach(i -> tooMany.addModels(modelInput(ABSENT_MODEL)));
    assertInvalid(
        () -> stub().logInputs(tooMany.build()), "datasets", "datasets[0].tags", "models");
    assertInvalid(
        () -> stub().logOutputs(LogOutputsRequest.getDefaultInstance()), "run_id", "models");
    assertInvalid(() -> logOutputs(ABSENT_RUN, modelOutput("m", 0)), "models[0].model_id");
    LogOutputsRequest.Builder outputs = LogOutputsRequest.newBuilder().setRunId(ABSENT_RUN);
    IntStream.range(0, 1001).forEach(i -> outputs.addModels(modelOutput(ABSENT_MODEL, i)));
    assertInvalid(() -> stub().logOutputs(outputs.build()), "models");
    assertInvalid(
        () ->
            stub()
                .searchDatasets(
                    SearchDatasetsRequest.newBuilder()
                        .setPageSize(-1)
                        .setPageToken("nonsense")
                        .build()),
        "experiment_ids",
        "page_size",
        "page_token");
    SearchDatasetsRequest.Builder many = SearchDatasetsRequest.newBuilder();
    IntStream.range(0, 21).forEach(i -> many.addExperimentIds("" + i));
    assertInvalid(() -> stub().searchDatasets(many.build()), "experiment_ids");
  }

  @Test
  void searchDatasets_pagesInOrder() {
    logInputs(
        newRun(), List.of(input("b", "2", "training"), input("a", "1", ""), input("b", "1", "x")));
    SearchDatasetsRequest.Builder request =
        SearchDatasetsRequest.newBuilder().addExperimentIds("0").setPageSize(2);
    SearchDatasetsResponse first = stub().searchDatasets(request.build());
    assertThat(first.getDatasetsList())
        .containsExactly(summary("a", "1", ""), summary("b", "1", "x"));
    String token = first.getNextPageToken();
    SearchDatasetsResponse second =
        stub().searchDatasets(request.clone().setPageToken(token).build());
    assertThat(second.getDatasetsList()).containsExactly(summary("b", "2", "training"));
    assertThat(second.getNextPageToken()).isEmpty();
    assertInvalid(
        () ->
            stub()
                .searchDatasets(request.clone().addExperimentIds("1").setPageToken(token).build()),
        "page_token");
  }

  private static DatasetSummary summary(String name, String digest, String context) {
    return DatasetSummary.newBuilder()
        .setExperimentId("0")
        .setName(name)
        .setDigest(digest)
        .setContext(context)
        .build();
  }
}
