package dev.slipway.tracking.rpc;

import static dev.slipway.tracking.rpc.Errors.assertFails;
import static dev.slipway.tracking.rpc.Errors.assertInvalid;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.FieldMask;
import com.google.protobuf.Timestamp;
import com.google.rpc.ErrorInfo;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.GrpcServerExtension;
import dev.slipway.tracking.v1.CreateExperimentRequest;
import dev.slipway.tracking.v1.CreateLoggedModelRequest;
import dev.slipway.tracking.v1.CreateRunRequest;
import dev.slipway.tracking.v1.DatasetSelector;
import dev.slipway.tracking.v1.DeleteExperimentRequest;
import dev.slipway.tracking.v1.DeleteLoggedModelRequest;
import dev.slipway.tracking.v1.DeleteLoggedModelTagsRequest;
import dev.slipway.tracking.v1.FinalizeLoggedModelRequest;
import dev.slipway.tracking.v1.GetLoggedModelRequest;
import dev.slipway.tracking.v1.GetRunRequest;
import dev.slipway.tracking.v1.KeySelection;
import dev.slipway.tracking.v1.LifecycleStage;
import dev.slipway.tracking.v1.LogBatchRequest;
import dev.slipway.tracking.v1.LogLoggedModelParamsRequest;
import dev.slipway.tracking.v1.LoggedModel;
import dev.slipway.tracking.v1.LoggedModelInfo;
import dev.slipway.tracking.v1.LoggedModelOrder;
import dev.slipway.tracking.v1.LoggedModelProjection;
import dev.slipway.tracking.v1.LoggedModelRegistration;
import dev.slipway.tracking.v1.LoggedModelStatus;
import dev.slipway.tracking.v1.Metric;
import dev.slipway.tracking.v1.Param;
import dev.slipway.tracking.v1.RestoreLoggedModelRequest;
import dev.slipway.tracking.v1.SearchLoggedModelsRequest;
import dev.slipway.tracking.v1.SearchLoggedModelsResponse;
import dev.slipway.tracking.v1.SetLoggedModelTagsRequest;
import dev.slipway.tracking.v1.Tag;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import dev.slipway.tracking.v1.TrackingServiceGrpc.TrackingServiceBlockingStub;
import dev.slipway.tracking.v1.UpdateLoggedModelRequest;
import io.grpc.Status;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Holds the calls about logged models, on every database. */
abstract class LoggedModelRpcsContract {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00.123Z");
  private static final String ABSENT = "m-" + "0".repeat(32);

  @RegisterExtension
  private final GrpcServerExtension server =
      TrackingServers.inProcess(this::newDatabase, Clock.fixed(NOW, ZoneOffset.UTC));

  abstract DatabaseConfig newDatabase();

  private TrackingServiceBlockingStub stub() {
    return TrackingServiceGrpc.newBlockingStub(server.channel());
  }

  private String newModel(String name) {
    return stub()
        .createLoggedModel(
            CreateLoggedModelRequest.newBuilder().setExperimentId("0").setName(name).build())
        .getInfo()
        .getModelId();
  }

  private String newRun() {
    return stub().createRun(CreateRunRequest.getDefaultInstance()).getInfo().getRunId();
  }

  private LoggedModel get(String id) {
    return stub().getLoggedModel(GetLoggedModelRequest.newBuilder().setModelId(id).build());
  }

  private LoggedModel finish(String id, LoggedModelStatus status) {
    return stub()
        .finalizeLoggedModel(
            FinalizeLoggedModelRequest.newBuilder().setModelId(id).setStatus(status).build());
  }

  private LoggedModel delete(String id) {
    return stub().deleteLoggedModel(DeleteLoggedModelRequest.newBuilder().setModelId(id).build());
  }

  private LoggedModel restore(String id) {
    return stub().restoreLoggedModel(RestoreLoggedModelRequest.newBuilder().setModelId(id).build());
  }

  private LoggedModel rename(String id, String name) {
    return stub()
        .updateLoggedModel(
            UpdateLoggedModelRequest.newBuilder()
                .setLoggedModel(LoggedModelInfo.newBuilder().setModelId(id).setName(name))
                .setUpdateMask(FieldMask.newBuilder().addPaths("name"))
                .build());
  }

  private void setTag(String id, String key, String value) {
    stub()
        .setLoggedModelTags(
            SetLoggedModelTagsRequest.newBuilder().setModelId(id).addTags(tag(key, value)).build());
  }

  private void deleteTag(String id, String key) {
    stub()
        .deleteLoggedModelTags(
            DeleteLoggedModelTagsRequest.newBuilder().setModelId(id).addKeys(key).build());
  }

  private void logParam(String id, String key, String value) {
    stub()
        .logLoggedModelParams(
            LogLoggedModelParamsRequest.newBuilder()
                .setModelId(id)
                .addParams(param(key, value))
                .build());
  }

  private static Tag tag(String key, String value) {
    return Tag.newBuilder().setKey(key).setValue(value).build();
  }

  private static Param param(String key, String value) {
    return Param.newBuilder().setKey(key).setValue(value).build();
  }

  private static Metric metric(String model, String key, double value) {
    return Metric.newBuilder()
        .setKey(key)
        .setValue(value)
        .setTimestampMs(1000)
        .setStep(1)
        .setModelId(model)
        .build();
  }

  private void log(String run, Metric... metrics) {
    stub()
        .logBatch(
            LogBatchRequest.newBuilder().setRunId(run).addAllMetrics(List.of(metrics)).build());
  }

  private List<String> search(SearchLoggedModelsRequest.Builder request) {
    return stub().searchLoggedModels(request.addExperimentIds("0").build()).getModelsList().stream()
        .map(model -> model.getInfo().getName())
        .toList();
  }

  @Test
  void model_livesThroughItsWholeLife() {
    String run = newRun();
    LoggedModel created =
        stub()
            .createLoggedModel(
                CreateLoggedModelRequest.newBuilder()
                    .setExperimentId("0")
                    .setName("digits")
                    .setModelType("classifier")
                    .setSourceRunId(run)
                    .addParams(param("lr", "0.1"))
                    .addTags(tag("a", "1"))
                    .addTags(tag("a", "2"))
                    .build());
    LoggedModelInfo info = created.getInfo();
    String id = info.getModelId();
    assertThat(id).matches("m-[0-9a-f]{32}");
    assertThat(info.getArtifactUri()).isEqualTo("mlflow-artifacts:/0/models/" + id + "/artifacts");
    assertThat(info.getStatus()).isEqualTo(LoggedModelStatus.LOGGED_MODEL_STATUS_PENDING);
    assertThat(info.getSourceRunId()).isEqualTo(run);
    assertThat(info.getModelType()).isEqualTo("classifier");
    assertThat(info.getTagsList()).containsExactly(tag("a", "2"));
    assertThat(info.getCreateTime())
        .isEqualTo(
            Timestamp.newBuilder().setSeconds(NOW.getEpochSecond()).setNanos(123_000_000).build());
    assertThat(info.hasDeleteTime()).isFalse();
    assertThat(created.getData().getParamsList()).containsExactly(param("lr", "0.1"));
    assertThat(get(id)).isEqualTo(created);

    logParam(id, "depth", "3");
    setTag(id, "b", "");
    deleteTag(id, "a");
    Metric point =
        metric(id, "acc", 0.5).toBuilder().setDatasetName("train").setDatasetDigest("d").build();
    log(run, point, metric(id, "acc", Double.NaN));
    LoggedModel logged = get(id);
    assertThat(logged.getData().getParamsList())
        .containsExactly(param("depth", "3"), param("lr", "0.1"));
    assertThat(logged.getInfo().getTagsList()).containsExactly(tag("b", ""));
    assertThat(logged.getData().getMetricsList())
        .containsExactly(
            metric(id, "acc", Double.NaN).toBuilder().setRunId(run).build(),
            point.toBuilder().setRunId(run).build());
    Metric ofRun =
        stub().getRun(GetRunRequest.newBuilder().setRunId(run).build()).getData().getMetrics(0);
    assertThat(ofRun.getValue()).isNaN();
    assertThat(ofRun.getModelId()).isEmpty();

    assertThat(finish(id, LoggedModelStatus.LOGGED_MODEL_STATUS_READY).getInfo().getStatus())
        .isEqualTo(LoggedModelStatus.LOGGED_MODEL_STATUS_READY);
    assertThat(rename(id, "n").getInfo().getName()).isEqualTo("n");
    LoggedModelInfo deleted = delete(id).getInfo();
    assertThat(deleted.getLifecycleStage()).isEqualTo(LifecycleStage.LIFECYCLE_STAGE_DELETED);
    assertThat(deleted.hasDeleteTime()).isTrue();
    assertFails(() -> get(id), Status.Code.NOT_FOUND, "LOGGED_MODEL_NOT_FOUND");
    assertThat(
            stub()
                .getLoggedModel(
                    GetLoggedModelRequest.newBuilder().setModelId(id).setAllowDeleted(true).build())
                .getInfo())
        .isEqualTo(deleted);
    assertThat(search(SearchLoggedModelsRequest.newBuilder())).isEmpty();
    assertThat(restore(id).getInfo().hasDeleteTime()).isFalse();
    assertThat(search(SearchLoggedModelsRequest.newBuilder())).containsExactly("n");
  }

  @Test
  void create_again_answersTheFirstInItsPresentState() {
    CreateLoggedModelRequest request =
        CreateLoggedModelRequest.newBuilder()
            .setExperimentId("0")
            .setRequestId("r-1")
            .addParams(param("p", "1"))
            .build();
    LoggedModel first = stub().createLoggedModel(request);
    assertThat(first.getInfo().getName()).matches("[a-z]+-[a-z]+-[0-9]+").hasSizeLessThan(21);
    assertThat(stub().createLoggedModel(request)).isEqualTo(first);
    rename(first.getInfo().getModelId(), "other");
    assertThat(stub().createLoggedModel(request).getInfo().getName()).isEqualTo("other");
  }

  @Test
  void create_withoutItsExperimentOrRun_isRefused() {
    assertFails(
        () ->
            stub()
                .createLoggedModel(
                    CreateLoggedModelRequest.newBuilder().setExperimentId("9").build()),
        Status.Code.NOT_FOUND,
        "EXPERIMENT_NOT_FOUND");
    assertFails(
        () ->
            stub()
                .createLoggedModel(
                    CreateLoggedModelRequest.newBuilder()
                        .setExperimentId("0")
                        .setSourceRunId("0".repeat(32))
                        .build()),
        Status.Code.NOT_FOUND,
        "RUN_NOT_FOUND");
    String experiment =
        stub()
            .createExperiment(CreateExperimentRequest.newBuilder().setName("e").build())
            .getExperimentId();
    CreateLoggedModelRequest create =
        CreateLoggedModelRequest.newBuilder().setExperimentId(experiment).build();
    String model = stub().createLoggedModel(create).getInfo().getModelId();
    stub()
        .deleteExperiment(DeleteExperimentRequest.newBuilder().setExperimentId(experiment).build());
    assertFails(
        () -> stub().createLoggedModel(create),
        Status.Code.FAILED_PRECONDITION,
        "EXPERIMENT_NOT_ACTIVE");
    assertFails(() -> get(model), Status.Code.NOT_FOUND, "LOGGED_MODEL_NOT_FOUND");
    assertFails(() -> restore(model), Status.Code.FAILED_PRECONDITION, "EXPERIMENT_NOT_ACTIVE");
  }

  @Test
  void registrations_comeFromTheTagAndBadOnesAreLeftOut() {
    String id = newModel("m");
    setTag(
        id,
        "mlflow.modelVersions",
        "[{\"name\": \"digits\", \"version\": \"3\"}, {\"name\": \"other\", \"version\": 1},"
            + " {\"name\": \"none\"}, 5, {\"version\": 2}, {\"name\": \"x\", \"version\": -1}]");
    assertThat(get(id).getInfo().getRegistrationsList())
        .containsExactly(
            LoggedModelRegistration.newBuilder().setName("digits").setVersion(3).build(),
            LoggedModelRegistration.newBuilder().setName("other").setVersion(1).build());
    for (String bad : List.of("", "nonsense [", "{\"name\": {\"name\": \"a\", \"version\": 1}}")) {
      setTag(id, "mlflow.modelVersions", bad);
      assertThat(get(id).getInfo().getRegistrationsList()).isEmpty();
    }
  }

  @Test
  void absentOrDeletedModel_isNotFoundByEveryCall() {
    String deleted = newModel("m");
    setTag(deleted, "t", "1");
    delete(deleted);
    String run = newRun();
    for (String id : List.of(ABSENT, deleted)) {
      List<ThrowingCallable> calls =
          List.of(
              () -> get(id),
              () -> finish(id, LoggedModelStatus.LOGGED_MODEL_STATUS_READY),
              () -> rename(id, "n"),
              () -> setTag(id, "t", "2"),
              () -> deleteTag(id, "t"),
              () -> logParam(id, "p", "1"),
              () -> log(run, metric(id, "acc", 1)));
      for (ThrowingCallable call : calls) {
        ErrorInfo info = assertFails(call, Status.Code.NOT_FOUND, "LOGGED_MODEL_NOT_FOUND");
        assertThat(info.getMetadataMap()).containsEntry("model_id", id);
      }
    }
    assertFails(() -> delete(ABSENT), Status.Code.NOT_FOUND, "LOGGED_MODEL_NOT_FOUND");
    assertFails(() -> restore(ABSENT), Status.Code.NOT_FOUND, "LOGGED_MODEL_NOT_FOUND");
    assertThat(
            stub()
                .getRun(GetRunRequest.newBuilder().setRunId(run).build())
                .getData()
                .getMetricsCount())
        .isZero();
  }

  @Test
  void finalizeParamAndTag_againstWhatIsThere_areRefused() {
    String id = newModel("m");
    finish(id, LoggedModelStatus.LOGGED_MODEL_STATUS_UPLOAD_FAILED);
    finish(id, LoggedModelStatus.LOGGED_MODEL_STATUS_UPLOAD_FAILED);
    assertFails(
        () -> finish(id, LoggedModelStatus.LOGGED_MODEL_STATUS_READY),
        Status.Code.FAILED_PRECONDITION,
        "LOGGED_MODEL_FINALIZED");
    logParam(id, "p", "1");
    logParam(id, "p", "1");
    ErrorInfo conflict =
        assertFails(() -> logParam(id, "p", "2"), Status.Code.INVALID_ARGUMENT, "PARAM_CONFLICT");
    assertThat(conflict.getMetadataMap())
        .containsEntry("key", "p")
        .containsEntry("stored_value", "1")
        .containsEntry("new_value", "2");
    assertFails(() -> deleteTag(id, "none"), Status.Code.NOT_FOUND, "TAG_NOT_FOUND");
  }

  @Test
  void badInput_namesEveryFieldAtOnce() {
    assertInvalid(
        () ->
            stub()
                .createLoggedModel(
                    CreateLoggedModelRequest.newBuilder()
                        .setRequestId("bad id")
                        .setName("a/b")
                        .setModelType("x".repeat(501))
                        .setSourceRunId("x")
                        .addParams(param("", "x"))
                        .addParams(param("p", "x".repeat(6001)))
                        .addParams(param("p", ""))
                        .addTags(tag("t#", "x".repeat(8001)))
                        .build()),
        "request_id",
        "experiment_id",
        "name",
        "model_type",
        "source_run_id",
        "params[0].key",
        "params[1].value",
        "params[2].key",
        "tags[0].key",
        "tags[0].value");
    for (String bad : List.of("/", ":", ".", "%", "\"", "'", "\0", "x".repeat(501))) {
      assertInvalid(() -> newModel("a" + bad), "name");
    }
    CreateLoggedModelRequest.Builder many =
        CreateLoggedModelRequest.newBuilder().setExperimentId("0");
    IntStream.range(0, 1000).forEach(i -> many.addParams(param("p" + i, "")));
    assertThat(stub().createLoggedModel(many.build()).getData().getParamsCount()).isEqualTo(1000);
    IntStream.range(0, 101).forEach(i -> many.addTags(tag("t" + i, "")));
    assertInvalid(
        () -> stub().createLoggedModel(many.addParams(param("p", "")).build()), "params", "tags");
    for (String bad : List.of("", "m-1", "0".repeat(32), "m-" + "A".repeat(32))) {
      assertInvalid(() -> get(bad), "model_id");
      assertInvalid(() -> delete(bad), "model_id");
      assertInvalid(() -> restore(bad), "model_id");
    }
    assertInvalid(
        () ->
            stub()
                .finalizeLoggedModel(
                    FinalizeLoggedModelRequest.newBuilder()
                        .setStatusMessage("x".repeat(8001))
                        .build()),
        "model_id",
        "status",
        "status_message");
    assertInvalid(() -> finish(ABSENT, LoggedModelStatus.LOGGED_MODEL_STATUS_PENDING), "status");
    assertInvalid(
        () -> stub().updateLoggedModel(UpdateLoggedModelRequest.getDefaultInstance()),
        "logged_model.model_id",
        "update_mask");
    assertInvalid(
        () ->
            stub()
                .updateLoggedModel(
                    UpdateLoggedModelRequest.newBuilder()
                        .setLoggedModel(
                            LoggedModelInfo.newBuilder()
                                .setModelId(ABSENT)
                                .setModelType("x".repeat(501))
                                .setStatusMessage("\0"))
                        .setUpdateMask(
                            FieldMask.newBuilder()
                                .addPaths("name")
                                .addPaths("model_type")
                                .addPaths("status_message")
                                .addPaths("status"))
                        .build()),
        "logged_model.name",
        "logged_model.model_type",
        "logged_model.status_message",
        "update_mask");
    assertInvalid(
        () -> stub().setLoggedModelTags(SetLoggedModelTagsRequest.getDefaultInstance()),
        "model_id",
        "tags");
    assertInvalid(
        () -> stub().deleteLoggedModelTags(DeleteLoggedModelTagsRequest.getDefaultInstance()),
        "model_id",
        "keys");
    assertInvalid(
        () -> stub().logLoggedModelParams(LogLoggedModelParamsRequest.getDefaultInstance()),
        "model_id",
        "params");
  }

  @Test
  void search_badInput_namesEveryFieldAtOnce() {
    assertInvalid(
        () ->
            stub()
                .searchLoggedModels(
                    SearchLoggedModelsRequest.newBuilder()
                        .setFilter("stage = 'x'")
                        .addDatasets(DatasetSelector.newBuilder().setDigest("x".repeat(37)))
                        .addOrderBy(LoggedModelOrder.getDefaultInstance())
                        .addOrderBy(LoggedModelOrder.newBuilder().setField("params.lr"))
                        .addOrderBy(LoggedModelOrder.newBuilder().setField("name DESC"))
                        .addOrderBy(LoggedModelOrder.newBuilder().setField("foo.a"))
                        .addOrderBy(LoggedModelOrder.newBuilder().setField("metrics.a\0"))
                        .addOrderBy(
                            LoggedModelOrder.newBuilder()
                                .setField("name")
                                .setDataset(DatasetSelector.newBuilder().setName("d")))
                        .addOrderBy(LoggedModelOrder.newBuilder().setField("metrics.a b"))
                        .addOrderBy(
                            LoggedModelOrder.newBuilder()
                                .setField("metrics.`a b`")
                                .setDescending(true))
                        .setPageSize(-1)
                        .setPageToken("nonsense")
                        .build()),
        "experiment_ids",
        "filter",
        "datasets[0].name",
        "datasets[0].digest",
        "order_by[0].field",
        "order_by[1].field",
        "order_by[2].field",
        "order_by[3].field",
        "order_by[4].field",
        "order_by[5].dataset",
        "order_by[7].field",
        "page_size",
        "page_token");
    SearchLoggedModelsRequest.Builder tooMany =
        SearchLoggedModelsRequest.newBuilder().addExperimentIds("x");
    IntStream.range(0, 101)
        .forEach(i -> tooMany.addDatasets(DatasetSelector.newBuilder().setName("d" + i)));
    IntStream.range(0, 21)
        .forEach(i -> tooMany.addOrderBy(LoggedModelOrder.newBuilder().setField("metrics.m" + i)));
    assertInvalid(
        () -> stub().searchLoggedModels(tooMany.build()),
        "experiment_ids[0]",
        "datasets",
        "order_by");
  }

  @Test
  void search_pagesFiltersAndOrders() {
    String run = newRun();
    List<String> ids = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      ids.add(newModel("m" + i));
      log(
          run,
          metric(ids.get(i), "a b", i % 3).toBuilder().setDatasetName("d" + i % 2).build(),
          metric(ids.get(i), "loss", i));
    }
    SearchLoggedModelsRequest.Builder request =
        SearchLoggedModelsRequest.newBuilder()
            .setFilter("metrics.`a b` >= 1")
            .addDatasets(DatasetSelector.newBuilder().setName("d0"))
            .addOrderBy(LoggedModelOrder.newBuilder().setField("metrics.a b").setDescending(true))
            .addOrderBy(LoggedModelOrder.newBuilder().setField("name"));
    assertThat(search(request.clone())).containsExactly("m2", "m4");
    request.clearDatasets().setFilter("").addExperimentIds("0").setPageSize(2);
    List<String> names = new ArrayList<>();
    String token = "";
    do {
      SearchLoggedModelsResponse page =
          stub().searchLoggedModels(request.setPageToken(token).build());
      assertThat(page.getModelsCount()).isBetween(1, 2);
      page.getModelsList().forEach(model -> names.add(model.getInfo().getName()));
      token = page.getNextPageToken();
    } while (!token.isEmpty());
    assertThat(names).containsExactly("m2", "m5", "m1", "m4", "m0", "m3", "m6");
    String first = stub().searchLoggedModels(request.clearPageToken().build()).getNextPageToken();
    for (SearchLoggedModelsRequest.Builder other :
        List.of(
            request.clone().setFilter("name = 'm1'"),
            request.clone().addExperimentIds("1"),
            request.clone().clearOrderBy(),
            request.clone().addDatasets(DatasetSelector.newBuilder().setName("d0")))) {
      assertInvalid(
          () -> stub().searchLoggedModels(other.setPageToken(first).build()), "page_token");
    }
  }

  @Test
  void search_withAProjection_leavesOutWhatItDoesNotChoose() {
    String run = newRun();
    LoggedModel whole =
        stub()
            .createLoggedModel(
                CreateLoggedModelRequest.newBuilder()
                    .setExperimentId("0")
                    .setName("m")
                    .addParams(Param.newBuilder().setKey("lr").setValue("1"))
                    .addParams(Param.newBuilder().setKey("depth").setValue("2"))
                    .addTags(Tag.newBuilder().setKey("t").setValue("3"))
                    .build());
    var unused =
        stub()
            .logBatch(
                LogBatchRequest.newBuilder()
                    .setRunId(run)
                    .addMetrics(
                        Metric.newBuilder()
                            .setKey("acc")
                            .setValue(1)
                            .setModelId(whole.getInfo().getModelId()))
                    .build());
    SearchLoggedModelsRequest.Builder request =
        SearchLoggedModelsRequest.newBuilder()
            .addExperimentIds("0")
            .setProjection(
                LoggedModelProjection.newBuilder()
                    .setMetrics(KeySelection.newBuilder().setMode(KeySelection.Mode.MODE_NONE))
                    .setParams(
                        KeySelection.newBuilder()
                            .setMode(KeySelection.Mode.MODE_LISTED)
                            .addKeys("lr")
                            .addKeys("absent")));

    LoggedModel bare = stub().searchLoggedModels(request.build()).getModels(0);

    assertThat(bare.getInfo()).isEqualTo(whole.getInfo());
    assertThat(bare.getData().getMetricsList()).isEmpty();
    assertThat(bare.getData().getParamsList())
        .containsExactly(Param.newBuilder().setKey("lr").setValue("1").build());
    request.getProjectionBuilder().getTagsBuilder().addKeys("t");
    assertInvalid(() -> stub().searchLoggedModels(request.build()), "projection.tags.keys");
  }
}
