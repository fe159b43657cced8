package dev.slipway.tracking.rpc;

import static dev.slipway.tracking.rpc.Errors.assertFails;
import static dev.slipway.tracking.rpc.Errors.assertInvalid;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.protobuf.FieldMask;
import com.google.protobuf.Timestamp;
import com.google.rpc.ErrorInfo;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.GrpcServerExtension;
import dev.slipway.tracking.v1.CreateExperimentRequest;
import dev.slipway.tracking.v1.CreateRunRequest;
import dev.slipway.tracking.v1.DeleteExperimentRequest;
import dev.slipway.tracking.v1.DeleteExperimentTagsRequest;
import dev.slipway.tracking.v1.DeleteRunRequest;
import dev.slipway.tracking.v1.DeleteRunTagsRequest;
import dev.slipway.tracking.v1.Experiment;
import dev.slipway.tracking.v1.GetExperimentByNameRequest;
import dev.slipway.tracking.v1.GetExperimentRequest;
import dev.slipway.tracking.v1.GetMetricHistoryRequest;
import dev.slipway.tracking.v1.GetMetricHistoryResponse;
import dev.slipway.tracking.v1.GetRunRequest;
import dev.slipway.tracking.v1.KeySelection;
import dev.slipway.tracking.v1.LifecycleStage;
import dev.slipway.tracking.v1.LogBatchRequest;
import dev.slipway.tracking.v1.LogBatchResponse;
import dev.slipway.tracking.v1.Metric;
import dev.slipway.tracking.v1.Param;
import dev.slipway.tracking.v1.RestoreExperimentRequest;
import dev.slipway.tracking.v1.RestoreRunRequest;
import dev.slipway.tracking.v1.Run;
import dev.slipway.tracking.v1.RunInfo;
import dev.slipway.tracking.v1.RunProjection;
import dev.slipway.tracking.v1.RunStatus;
import dev.slipway.tracking.v1.SearchExperimentsRequest;
import dev.slipway.tracking.v1.SearchExperimentsResponse;
import dev.slipway.tracking.v1.SearchRunsRequest;
import dev.slipway.tracking.v1.SearchRunsResponse;
import dev.slipway.tracking.v1.SetExperimentTagsRequest;
import dev.slipway.tracking.v1.SetRunTagsRequest;
import dev.slipway.tracking.v1.Tag;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import dev.slipway.tracking.v1.TrackingServiceGrpc.TrackingServiceBlockingStub;
import dev.slipway.tracking.v1.UpdateExperimentRequest;
import dev.slipway.tracking.v1.UpdateRunRequest;
import dev.slipway.tracking.v1.ViewType;
import io.grpc.Status;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Holds what the service answers about experiments, runs and what is logged, on every database. */
abstract class TrackingGrpcServiceContract {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00.123Z");
  private static final String ABSENT_RUN = "0".repeat(32);

  @RegisterExtension
  private final GrpcServerExtension server =
      TrackingServers.inProcess(this::newDatabase, Clock.fixed(NOW, ZoneOffset.UTC));

  abstract DatabaseConfig newDatabase();

  private TrackingServiceBlockingStub stub() {
    return TrackingServiceGrpc.newBlockingStub(server.channel());
  }

  private Experiment newExperiment(String name) {
    return stub().createExperiment(CreateExperimentRequest.newBuilder().setName(name).build());
  }

  private String newRun() {
    return stub().createRun(CreateRunRequest.getDefaultInstance()).getInfo().getRunId();
  }

  private Run getRun(String id) {
    return stub().getRun(GetRunRequest.newBuilder().setRunId(id).build());
  }

  private static Tag tag(String key, String value) {
    return Tag.newBuilder().setKey(key).setValue(value).build();
  }

  private static Param param(String key, String value) {
    return Param.newBuilder().setKey(key).setValue(value).build();
  }

  private static Metric metric(String key, double value, long step) {
    return Metric.newBuilder()
        .setKey(key)
        .setValue(value)
        .setTimestampMs(1000 + step)
        .setStep(step)
        .build();
  }

  @Test
  void defaultExperiment_existsFromTheStart() {
    Experiment found =
        stub().getExperiment(GetExperimentRequest.newBuilder().setExperimentId("0").build());
    assertThat(found.getName()).isEqualTo("Default");
    assertThat(found.getArtifactLocation()).isEqualTo("mlflow-artifacts:/0");
    assertThat(found.getLifecycleStage()).isEqualTo(LifecycleStage.LIFECYCLE_STAGE_ACTIVE);
  }

  @Test
  void experiment_livesThroughItsWholeLife() {
    Experiment created =
        stub()
            .createExperiment(
                CreateExperimentRequest.newBuilder()
                    .setName("e")
                    .addTags(tag("a", "1"))
                    .addTags(tag("a", "2"))
                    .build());
    String id = created.getExperimentId();
    assertThat(created.getTagsList()).containsExactly(tag("a", "2"));
    assertThat(created.getCreateTime())
        .isEqualTo(
            Timestamp.newBuilder().setSeconds(NOW.getEpochSecond()).setNanos(123_000_000).build());
    assertThat(created.getArtifactLocation()).isEqualTo("mlflow-artifacts:/" + id);
    assertThat(
            stub()
                .getExperimentByName(GetExperimentByNameRequest.newBuilder().setName("e").build()))
        .isEqualTo(created);

    stub()
        .setExperimentTags(
            SetExperimentTagsRequest.newBuilder()
                .setExperimentId(id)
                .addTags(tag("b", ""))
                .build());
    stub()
        .deleteExperimentTags(
            DeleteExperimentTagsRequest.newBuilder().setExperimentId(id).addKeys("a").build());
    Experiment renamed =
        stub()
            .updateExperiment(
                UpdateExperimentRequest.newBuilder()
                    .setExperiment(Experiment.newBuilder().setExperimentId(id).setName("f"))
                    .setUpdateMask(FieldMask.newBuilder().addPaths("name"))
                    .build());
    assertThat(renamed.getName()).isEqualTo("f");
    assertThat(renamed.getTagsList()).containsExactly(tag("b", ""));

    DeleteExperimentRequest delete =
        DeleteExperimentRequest.newBuilder().setExperimentId(id).build();
    assertThat(stub().deleteExperiment(delete).getLifecycleStage())
        .isEqualTo(LifecycleStage.LIFECYCLE_STAGE_DELETED);
    assertFails(
        () -> stub().deleteExperiment(delete),
        Status.Code.FAILED_PRECONDITION,
        "EXPERIMENT_NOT_ACTIVE");
    assertFails(() -> newExperiment("f"), Status.Code.ALREADY_EXISTS, "EXPERIMENT_ALREADY_EXISTS");
    assertFails(
        () -> stub().createRun(CreateRunRequest.newBuilder().setExperimentId(id).build()),
        Status.Code.FAILED_PRECONDITION,
        "EXPERIMENT_NOT_ACTIVE");
    assertFails(
        () ->
            stub()
                .setExperimentTags(
                    SetExperimentTagsRequest.newBuilder()
                        .setExperimentId(id)
                        .addTags(tag("b", ""))
                        .build()),
        Status.Code.FAILED_PRECONDITION,
        "EXPERIMENT_NOT_ACTIVE");
    RestoreExperimentRequest restore =
        RestoreExperimentRequest.newBuilder().setExperimentId(id).build();
    assertThat(stub().restoreExperiment(restore).getLifecycleStage())
        .isEqualTo(LifecycleStage.LIFECYCLE_STAGE_ACTIVE);
    assertFails(
        () -> stub().restoreExperiment(restore),
        Status.Code.FAILED_PRECONDITION,
        "EXPERIMENT_NOT_DELETED");
  }

  @Test
  void experiment_absent_isNotFoundByEveryCall() {
    String code = "EXPERIMENT_NOT_FOUND";
    assertFails(
        () -> stub().getExperiment(GetExperimentRequest.newBuilder().setExperimentId("9").build()),
        Status.Code.NOT_FOUND,
        code);
    assertFails(
        () ->
            stub()
                .getExperimentByName(GetExperimentByNameRequest.newBuilder().setName("x").build()),
        Status.Code.NOT_FOUND,
        code);
    assertFails(
        () ->
            stub()
                .updateExperiment(
                    UpdateExperimentRequest.newBuilder()
                        .setExperiment(Experiment.newBuilder().setExperimentId("9").setName("f"))
                        .setUpdateMask(FieldMask.newBuilder().addPaths("name"))
                        .build()),
        Status.Code.NOT_FOUND,
        code);
    assertFails(
        () ->
            stub()
                .deleteExperiment(
                    DeleteExperimentRequest.newBuilder().setExperimentId("9").build()),
        Status.Code.NOT_FOUND,
        code);
    assertFails(
        () ->
            stub()
                .restoreExperiment(
                    RestoreExperimentRequest.newBuilder().setExperimentId("9").build()),
        Status.Code.NOT_FOUND,
        code);
    assertFails(
        () -> stub().createRun(CreateRunRequest.newBuilder().setExperimentId("9").build()),
        Status.Code.NOT_FOUND,
        code);
    ErrorInfo info =
        assertFails(
            () ->
                stub()
                    .deleteExperimentTags(
                        DeleteExperimentTagsRequest.newBuilder()
                            .setExperimentId("0")
                            .addKeys("none")
                            .build()),
            Status.Code.NOT_FOUND,
            "TAG_NOT_FOUND");
    assertThat(info.getMetadataMap()).containsEntry("key", "none");
  }

  @Test
  void experiment_badInput_namesEveryFieldAtOnce() {
    assertInvalid(
        () ->
            stub()
                .createExperiment(
                    CreateExperimentRequest.newBuilder()
                        .setRequestId("bad id")
                        .setArtifactLocation("runs:/a#b")
                        .addTags(tag("", "x"))
                        .addTags(tag("ok", "x".repeat(5001)))
                        .build()),
        "request_id",
        "name",
        "artifact_location",
        "artifact_location",
        "tags[0].key",
        "tags[1].value");
    assertInvalid(() -> newExperiment("x".repeat(501)), "name");
    assertInvalid(() -> newExperiment("  "), "name");
    assertInvalid(
        () -> stub().getExperiment(GetExperimentRequest.getDefaultInstance()), "experiment_id");
    assertInvalid(
        () -> stub().getExperiment(GetExperimentRequest.newBuilder().setExperimentId("-1").build()),
        "experiment_id");
    assertInvalid(
        () ->
            stub()
                .getExperiment(
                    GetExperimentRequest.newBuilder().setExperimentId("9".repeat(30)).build()),
        "experiment_id");
    assertInvalid(
        () -> stub().getExperimentByName(GetExperimentByNameRequest.getDefaultInstance()), "name");
    assertInvalid(
        () -> stub().updateExperiment(UpdateExperimentRequest.getDefaultInstance()),
        "experiment.experiment_id",
        "update_mask");
    assertInvalid(
        () ->
            stub()
                .updateExperiment(
                    UpdateExperimentRequest.newBuilder()
                        .setExperiment(Experiment.newBuilder().setExperimentId("0"))
                        .setUpdateMask(FieldMask.newBuilder().addPaths("name").addPaths("tags"))
                        .build()),
        "experiment.name",
        "update_mask");
    assertInvalid(
        () -> stub().setExperimentTags(SetExperimentTagsRequest.getDefaultInstance()),
        "experiment_id",
        "tags");
    assertInvalid(
        () -> stub().deleteExperimentTags(DeleteExperimentTagsRequest.getDefaultInstance()),
        "experiment_id",
        "keys");
    assertInvalid(
        () ->
            stub()
                .searchExperiments(
                    SearchExperimentsRequest.newBuilder()
                        .setFilter("metrics.a > 5")
                        .addOrderBy("tags.a")
                        .setPageSize(-1)
                        .setPageToken("nonsense")
                        .setViewTypeValue(77)
                        .build()),
        "filter",
        "order_by[0]",
        "page_size",
        "page_token",
        "view_type");
  }

  @Test
  void createExperiment_again_answersTheFirst() {
    CreateExperimentRequest request =
        CreateExperimentRequest.newBuilder().setName("e").setRequestId("r-1").build();
    assertThat(stub().createExperiment(request)).isEqualTo(stub().createExperiment(request));
  }

  @Test
  void searchExperiments_pagesFiltersAndOrders() {
    for (int i = 0; i < 5; i++) {
      String id = newExperiment("e" + i).getExperimentId();
      if (i % 2 == 0) {
        stub()
            .setExperimentTags(
                SetExperimentTagsRequest.newBuilder()
                    .setExperimentId(id)
                    .addTags(tag("even", "yes"))
                    .build());
      }
      if (i == 4) {
        stub().deleteExperiment(DeleteExperimentRequest.newBuilder().setExperimentId(id).build());
      }
    }
    assertThat(names("", ViewType.VIEW_TYPE_UNSPECIFIED, "name DESC"))
        .containsExactly("e3", "e2", "e1", "e0", "Default");
    assertThat(names("tags.even = 'yes'", ViewType.VIEW_TYPE_ALL, "name"))
        .containsExactly("e0", "e2", "e4");
    assertThat(names("name LIKE 'e_' and tags.even IS NULL", ViewType.VIEW_TYPE_ACTIVE_ONLY))
        .containsExactly("e1", "e3");
    assertThat(names("", ViewType.VIEW_TYPE_DELETED_ONLY)).containsExactly("e4");
    assertThat(names("creation_time > 5 and last_update_time >= creation_time", null)).isNull();
  }

  private List<String> names(String filter, ViewType view, String... order) {
    if (view == null) {
      assertInvalid(
          () ->
              stub()
                  .searchExperiments(
                      SearchExperimentsRequest.newBuilder().setFilter(filter).build()),
          "filter");
      return null;
    }
    List<String> names = new ArrayList<>();
    String token = "";
    do {
      SearchExperimentsResponse page =
          stub()
              .searchExperiments(
                  SearchExperimentsRequest.newBuilder()
                      .setFilter(filter)
                      .setViewType(view)
                      .addAllOrderBy(List.of(order))
                      .setPageSize(2)
                      .setPageToken(token)
                      .build());
      page.getExperimentsList().forEach(e -> names.add(e.getName()));
      token = page.getNextPageToken();
    } while (!token.isEmpty());
    return names;
  }

  @Test
  void run_livesThroughItsWholeLife() {
    Run created =
        stub()
            .createRun(
                CreateRunRequest.newBuilder()
                    .addTags(tag("mlflow.user", "ann"))
                    .addTags(tag("mlflow.runName", "first"))
                    .setStartTime(Timestamp.newBuilder().setSeconds(5).setNanos(7_999_999))
                    .build());
    RunInfo info = created.getInfo();
    assertThat(info.getRunId()).matches("[0-9a-f]{32}");
    assertThat(info.getRunName()).isEqualTo("first");
    assertThat(info.getUserId()).isEqualTo("ann");
    assertThat(info.getStatus()).isEqualTo(RunStatus.RUN_STATUS_RUNNING);
    assertThat(info.getStartTime())
        .isEqualTo(Timestamp.newBuilder().setSeconds(5).setNanos(7_000_000).build());
    assertThat(info.hasEndTime()).isFalse();
    assertThat(info.getArtifactUri())
        .isEqualTo("mlflow-artifacts:/0/" + info.getRunId() + "/artifacts");

    RunInfo finished =
        stub()
            .updateRun(
                UpdateRunRequest.newBuilder()
                    .setRun(
                        RunInfo.newBuilder()
                            .setRunId(info.getRunId())
                            .setStatus(RunStatus.RUN_STATUS_FINISHED)
                            .setRunName("second"))
                    .setUpdateMask(FieldMask.newBuilder().addPaths("status").addPaths("run_name"))
                    .build());
    assertThat(finished.getStatus()).isEqualTo(RunStatus.RUN_STATUS_FINISHED);
    assertThat(finished.hasEndTime()).isTrue();
    assertThat(getRun(info.getRunId()).getData().getTagsList())
        .contains(tag("mlflow.runName", "second"));

    DeleteRunRequest delete = DeleteRunRequest.newBuilder().setRunId(info.getRunId()).build();
    RunInfo deleted = stub().deleteRun(delete);
    assertThat(deleted.getLifecycleStage()).isEqualTo(LifecycleStage.LIFECYCLE_STAGE_DELETED);
    assertThat(stub().deleteRun(delete)).isEqualTo(deleted);
    assertFails(
        () -> logParam(info.getRunId(), "p", "1"),
        Status.Code.FAILED_PRECONDITION,
        "RUN_NOT_ACTIVE");
    assertFails(
        () ->
            stub()
                .setRunTags(
                    SetRunTagsRequest.newBuilder()
                        .setRunId(info.getRunId())
                        .addTags(tag("a", "b"))
                        .build()),
        Status.Code.FAILED_PRECONDITION,
        "RUN_NOT_ACTIVE");
    RestoreRunRequest restore = RestoreRunRequest.newBuilder().setRunId(info.getRunId()).build();
    assertThat(stub().restoreRun(restore).getLifecycleStage())
        .isEqualTo(LifecycleStage.LIFECYCLE_STAGE_ACTIVE);
    assertThat(stub().restoreRun(restore).hasDeleteTime()).isFalse();
    logParam(info.getRunId(), "p", "1");
  }

  private void logParam(String run, String key, String value) {
    var unused =
        stub()
            .logBatch(
                LogBatchRequest.newBuilder().setRunId(run).addParams(param(key, value)).build());
  }

  @Test
  void createRun_withoutName_getsOneAndCanBeRepeated() {
    Run run = stub().createRun(CreateRunRequest.newBuilder().setRequestId("r").build());
    assertThat(run.getInfo().getRunName()).matches("[a-z]+-[a-z]+-[0-9]+").hasSizeLessThan(21);
    assertThat(run.getData().getTagsList())
        .containsExactly(tag("mlflow.runName", run.getInfo().getRunName()));
    assertThat(stub().createRun(CreateRunRequest.newBuilder().setRequestId("r").build()))
        .isEqualTo(run);
  }

  @Test
  void nestedRuns_areFoundByTheirParent() {
    String parent = newRun();
    CreateRunRequest child =
        CreateRunRequest.newBuilder().addTags(tag("mlflow.parentRunId", parent)).build();
    String first = stub().createRun(child).getInfo().getRunId();
    String second = stub().createRun(child).getInfo().getRunId();
    newRun();
    for (String identifier : List.of("tags.mlflow.parentRunId", "tag.`mlflow.parentRunId`")) {
      assertThat(
              stub()
                  .searchRuns(
                      SearchRunsRequest.newBuilder()
                          .addExperimentIds("0")
                          .setFilter(identifier + " = '" + parent + "'")
                          .build())
                  .getRunsList())
          .extracting(run -> run.getInfo().getRunId())
          .containsExactlyInAnyOrder(first, second);
    }
  }

  @Test
  void createRun_ownId_isTakenOnce() {
    CreateRunRequest request = CreateRunRequest.newBuilder().setRunId("a".repeat(32)).build();
    assertThat(stub().createRun(request).getInfo().getRunId()).isEqualTo("a".repeat(32));
    assertFails(() -> stub().createRun(request), Status.Code.ALREADY_EXISTS, "RUN_ALREADY_EXISTS");
  }

  @Test
  void run_badInput_namesEveryFieldAtOnce() {
    assertInvalid(
        () ->
            stub()
                .createRun(
                    CreateRunRequest.newBuilder()
                        .setRequestId("x".repeat(65))
                        .setExperimentId("abc")
                        .setRunId("ABC")
                        .setRunName("n")
                        .setUserId("u".repeat(257))
                        .setStartTime(Timestamp.newBuilder().setSeconds(-1))
                        .addTags(tag("mlflow.runName", "other"))
                        .addTags(tag("../x", "y"))
                        .build()),
        "request_id",
        "experiment_id",
        "run_id",
        "run_name",
        "user_id",
        "start_time",
        "tags[1].key");
    assertInvalid(() -> getRun("xyz"), "run_id");
    assertInvalid(
        () ->
            stub()
                .getRun(
                    GetRunRequest.newBuilder()
                        .setRunId(ABSENT_RUN)
                        .setProjection(
                            RunProjection.newBuilder()
                                .setMetrics(KeySelection.newBuilder().addKeys("a"))
                                .setTags(KeySelection.newBuilder().setModeValue(9)))
                        .build()),
        "projection.metrics.keys",
        "projection.tags.mode");
    assertInvalid(
        () ->
            stub()
                .updateRun(
                    UpdateRunRequest.newBuilder()
                        .setUpdateMask(
                            FieldMask.newBuilder()
                                .addPaths("run_name")
                                .addPaths("status")
                                .addPaths("start_time")
                                .addPaths("artifact_uri"))
                        .build()),
        "run.run_id",
        "update_mask",
        "run.run_name",
        "run.status",
        "run.start_time");
    assertInvalid(() -> stub().deleteRun(DeleteRunRequest.getDefaultInstance()), "run_id");
    assertInvalid(() -> stub().restoreRun(RestoreRunRequest.getDefaultInstance()), "run_id");
    assertInvalid(
        () -> stub().setRunTags(SetRunTagsRequest.getDefaultInstance()), "run_id", "tags");
    assertInvalid(
        () ->
            stub()
                .setRunTags(
                    SetRunTagsRequest.newBuilder()
                        .setRunId(ABSENT_RUN)
                        .addTags(tag("mlflow.runName", ""))
                        .addTags(tag("a", "x".repeat(8001)))
                        .build()),
        "tags[0].value",
        "tags[1].value");
    assertInvalid(
        () ->
            stub()
                .deleteRunTags(
                    DeleteRunTagsRequest.newBuilder().setRunId(ABSENT_RUN).addKeys("").build()),
        "keys[0]");
    assertInvalid(
        () ->
            stub()
                .getMetricHistory(
                    GetMetricHistoryRequest.newBuilder()
                        .setPageSize(-5)
                        .setMinStep(5)
                        .setMaxStep(4)
                        .setPageToken("AAAA")
                        .build()),
        "run_id",
        "metric_key",
        "max_step",
        "page_size",
        "page_token");
    assertInvalid(
        () ->
            stub()
                .searchRuns(
                    SearchRunsRequest.newBuilder()
                        .addExperimentIds("x")
                        .setFilter("metrics.a = 'text'")
                        .addOrderBy("metrics.a")
                        .addOrderBy("metric.a DESC")
                        .addOrderBy("nothing.at.all")
                        .build()),
        "experiment_ids[0]",
        "filter",
        "order_by[1]",
        "order_by[2]");
    assertInvalid(
        () -> stub().searchRuns(SearchRunsRequest.getDefaultInstance()), "experiment_ids");
  }

  @Test
  void run_absent_isNotFoundByEveryCall() {
    String code = "RUN_NOT_FOUND";
    assertFails(() -> getRun(ABSENT_RUN), Status.Code.NOT_FOUND, code);
    assertFails(
        () ->
            stub()
                .updateRun(
                    UpdateRunRequest.newBuilder()
                        .setRun(
                            RunInfo.newBuilder()
                                .setRunId(ABSENT_RUN)
                                .setStatus(RunStatus.RUN_STATUS_KILLED))
                        .setUpdateMask(FieldMask.newBuilder().addPaths("status"))
                        .build()),
        Status.Code.NOT_FOUND,
        code);
    assertFails(
        () -> stub().deleteRun(DeleteRunRequest.newBuilder().setRunId(ABSENT_RUN).build()),
        Status.Code.NOT_FOUND,
        code);
    assertFails(
        () -> stub().restoreRun(RestoreRunRequest.newBuilder().setRunId(ABSENT_RUN).build()),
        Status.Code.NOT_FOUND,
        code);
    assertFails(
        () ->
            stub()
                .setRunTags(
                    SetRunTagsRequest.newBuilder()
                        .setRunId(ABSENT_RUN)
                        .addTags(tag("a", ""))
                        .build()),
        Status.Code.NOT_FOUND,
        code);
    assertFails(
        () ->
            stub()
                .deleteRunTags(
                    DeleteRunTagsRequest.newBuilder().setRunId(ABSENT_RUN).addKeys("a").build()),
        Status.Code.NOT_FOUND,
        code);
    assertFails(
        () -> stub().logBatch(LogBatchRequest.newBuilder().setRunId(ABSENT_RUN).build()),
        Status.Code.NOT_FOUND,
        code);
    assertFails(
        () ->
            stub()
                .getMetricHistory(
                    GetMetricHistoryRequest.newBuilder()
                        .setRunId(ABSENT_RUN)
                        .setMetricKey("m")
                        .build()),
        Status.Code.NOT_FOUND,
        code);
    assertFails(
        () ->
            stub()
                .deleteRunTags(
                    DeleteRunTagsRequest.newBuilder().setRunId(newRun()).addKeys("a").build()),
        Status.Code.NOT_FOUND,
        "TAG_NOT_FOUND");
  }

  @Test
  void logBatch_everythingAtOnce_isReadBack() {
    String run = newRun();
    stub()
        .logBatch(
            LogBatchRequest.newBuilder()
                .setRunId(run)
                .addMetrics(metric("m", 1, 1))
                .addMetrics(metric("m", Double.NEGATIVE_INFINITY, 2))
                .addMetrics(Metric.newBuilder().setKey("now").setValue(Double.NaN))
                .addParams(param("p", "1"))
                .addTags(tag("t", "1"))
                .addTags(tag("t", "2"))
                .build());

    Run read = getRun(run);
    assertThat(read.getData().getMetricsList())
        .containsExactly(
            metric("m", Double.NEGATIVE_INFINITY, 2),
            Metric.newBuilder()
                .setKey("now")
                .setValue(Double.NaN)
                .setTimestampMs(NOW.toEpochMilli())
                .build());
    assertThat(read.getData().getParamsList()).containsExactly(param("p", "1"));
    assertThat(read.getData().getTagsList()).contains(tag("t", "2"));
    stub().logBatch(LogBatchRequest.newBuilder().setRunId(run).build());
  }

  @Test
  void logBatch_paramWithDifferentValue_isRejectedAndNothingIsWritten() {
    String run = newRun();
    logParam(run, "p", "1");
    logParam(run, "p", "1");
    ErrorInfo info =
        assertFails(
            () ->
                stub()
                    .logBatch(
                        LogBatchRequest.newBuilder()
                            .setRunId(run)
                            .addMetrics(metric("m", 1, 1))
                            .addParams(param("new", "1"))
                            .addParams(param("p", "2"))
                            .addTags(tag("t", "x"))
                            .build()),
            Status.Code.INVALID_ARGUMENT,
            "PARAM_CONFLICT");
    assertThat(info.getMetadataMap())
        .containsEntry("key", "p")
        .containsEntry("stored_value", "1")
        .containsEntry("new_value", "2");
    Run read = getRun(run);
    assertThat(read.getData().getMetricsCount()).isZero();
    assertThat(read.getData().getParamsCount()).isEqualTo(1);
    assertThat(read.getData().getTagsCount()).isEqualTo(1);
  }

  @Test
  void logBatch_badInput_namesEveryFieldAtOnce() {
    assertInvalid(
        () ->
            stub()
                .logBatch(
                    LogBatchRequest.newBuilder()
                        .setRunId("x")
                        .addMetrics(Metric.newBuilder().setKey("a//b").setTimestampMs(-1))
                        .addMetrics(metric("a//b", 1, 1))
                        .addParams(param("p", "x".repeat(6001)))
                        .addParams(param("p", "y"))
                        .addTags(tag("t#", ""))
                        .build()),
        "run_id",
        "metrics[0].key",
        "metrics[0].value",
        "metrics[0].timestamp_ms",
        "metrics[1].key",
        "params[0].value",
        "params[1].key",
        "tags[0].key");
    LogBatchRequest.Builder tooMany = LogBatchRequest.newBuilder().setRunId(ABSENT_RUN);
    IntStream.range(0, 101).forEach(i -> tooMany.addParams(param("p" + i, "")));
    IntStream.range(0, 101).forEach(i -> tooMany.addTags(tag("t" + i, "")));
    IntStream.range(0, 1001).forEach(i -> tooMany.addMetrics(metric("m", 0, i)));
    assertInvalid(() -> stub().logBatch(tooMany.build()), "metrics", "params", "tags", "metrics");
    Metric onModel =
        metric("m", 1, 1).toBuilder().setModelId("m-1").setDatasetDigest("x".repeat(37)).build();
    assertInvalid(
        () ->
            stub()
                .logBatch(
                    LogBatchRequest.newBuilder().setRunId(ABSENT_RUN).addMetrics(onModel).build()),
        "metrics[0].model_id",
        "metrics[0].dataset_name",
        "metrics[0].dataset_digest");
  }

  @Test
  void logBatch_limits_areExact() {
    String run = newRun();
    LogBatchRequest.Builder full = LogBatchRequest.newBuilder().setRunId(run);
    IntStream.range(0, 100).forEach(i -> full.addParams(param("p" + i, "x".repeat(6000))));
    IntStream.range(0, 100).forEach(i -> full.addTags(tag("t" + i, "x".repeat(8000))));
    IntStream.range(0, 800).forEach(i -> full.addMetrics(metric("m" + i, i, i)));
    var unused = stub().logBatch(full.build());
    assertInvalid(() -> stub().logBatch(full.addMetrics(metric("m", 1, 1)).build()), "metrics");

    LogBatchRequest.Builder metrics = LogBatchRequest.newBuilder().setRunId(run);
    IntStream.range(0, 1000).forEach(i -> metrics.addMetrics(metric("m", i, i)));
    unused = stub().logBatch(metrics.build());
    Run read = getRun(run);
    assertThat(read.getData().getMetricsCount()).isEqualTo(801);
    assertThat(read.getData().getParamsCount()).isEqualTo(100);
  }

  @Test
  void logBatch_manyAtOnceOnOneParam_oneValueWinsAndTheOthersHearOfIt() throws Exception {
    String run = newRun();
    List<ListenableFuture<LogBatchResponse>> calls = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      calls.add(
          TrackingServiceGrpc.newFutureStub(server.channel())
              .logBatch(
                  LogBatchRequest.newBuilder()
                      .setRunId(run)
                      .addParams(param("p", "v" + i % 8))
                      .addMetrics(metric("m", i % 8, i))
                      .build()));
    }
    List<Integer> accepted = new ArrayList<>();
    for (int i = 0; i < calls.size(); i++) {
      try {
        calls.get(i).get();
        accepted.add(i);
      } catch (ExecutionException e) {
        ErrorInfo info =
            Errors.assertIs(e.getCause(), Status.Code.INVALID_ARGUMENT, "PARAM_CONFLICT");
        assertThat(info.getMetadataMap())
            .containsEntry("key", "p")
            .containsEntry("new_value", "v" + i % 8);
      }
    }
    String winner = getRun(run).getData().getParams(0).getValue();
    assertThat(accepted)
        .isEqualTo(IntStream.range(0, 64).filter(i -> winner.equals("v" + i % 8)).boxed().toList());
    GetMetricHistoryRequest history =
        GetMetricHistoryRequest.newBuilder().setRunId(run).setMetricKey("m").build();
    assertThat(stub().getMetricHistory(history).getPoints().getStepList())
        .isEqualTo(accepted.stream().map(Integer::longValue).toList());
  }

  @Test
  void text_withTheCharacterThatDatabasesCannotKeep_isRefusedEverywhere() {
    String bad = "a\0b";
    assertInvalid(() -> newExperiment(bad), "name");
    assertInvalid(
        () ->
            stub()
                .getExperimentByName(GetExperimentByNameRequest.newBuilder().setName(bad).build()),
        "name");
    assertInvalid(
        () ->
            stub().createRun(CreateRunRequest.newBuilder().setRunName(bad).setUserId(bad).build()),
        "run_name",
        "user_id");
    assertInvalid(
        () ->
            stub()
                .logBatch(
                    LogBatchRequest.newBuilder()
                        .setRunId(ABSENT_RUN)
                        .addMetrics(metric(bad, 1, 1))
                        .addParams(param("p", bad))
                        .addTags(tag("t", bad))
                        .build()),
        "metrics[0].key",
        "params[0].value",
        "tags[0].value");
    assertInvalid(
        () ->
            stub()
                .getMetricHistory(
                    GetMetricHistoryRequest.newBuilder()
                        .setRunId(ABSENT_RUN)
                        .setMetricKey(bad)
                        .build()),
        "metric_key");
    assertInvalid(
        () ->
            stub()
                .searchRuns(
                    SearchRunsRequest.newBuilder()
                        .addExperimentIds("0")
                        .setFilter("tags.a = '" + bad + "'")
                        .build()),
        "filter");
  }

  @Test
  void metricHistory_pages_coverAllPointsInOrder() {
    String run = newRun();
    for (int batch = 0; batch < 4; batch++) {
      LogBatchRequest.Builder request = LogBatchRequest.newBuilder().setRunId(run);
      for (int i = 0; i < 100; i++) {
        request.addMetrics(metric("m", i, i * 4L + batch));
      }
      stub().logBatch(request.build());
    }
    List<Long> steps = new ArrayList<>();
    String token = "";
    do {
      GetMetricHistoryResponse page =
          stub()
              .getMetricHistory(
                  GetMetricHistoryRequest.newBuilder()
                      .setRunId(run)
                      .setMetricKey("m")
                      .setPageSize(33)
                      .setPageToken(token)
                      .build());
      steps.addAll(page.getPoints().getStepList());
      token = page.getNextPageToken();
    } while (!token.isEmpty());
    assertThat(steps).isEqualTo(IntStream.range(0, 400).mapToObj(Long::valueOf).toList());
    assertInvalid(
        () -> {
          String other =
              stub()
                  .getMetricHistory(
                      GetMetricHistoryRequest.newBuilder()
                          .setRunId(run)
                          .setMetricKey("m")
                          .setPageSize(1)
                          .build())
                  .getNextPageToken();
          var unused =
              stub()
                  .getMetricHistory(
                      GetMetricHistoryRequest.newBuilder()
                          .setRunId(run)
                          .setMetricKey("n")
                          .setPageToken(other)
                          .build());
        },
        "page_token");
  }

  @Test
  void searchRuns_seesWhatWasLoggedJustBefore() {
    String run = newRun();
    newRun();
    for (int i = 0; i < 20; i++) {
      stub()
          .logBatch(
              LogBatchRequest.newBuilder().setRunId(run).addMetrics(metric("m", i, i)).build());
      SearchRunsResponse found =
          stub()
              .searchRuns(
                  SearchRunsRequest.newBuilder()
                      .addExperimentIds("0")
                      .setFilter("metrics.m = " + i)
                      .build());
      assertThat(found.getRunsList()).hasSize(1);
      assertThat(found.getRuns(0).getData().getMetrics(0).getValue()).isEqualTo(i);
    }
  }
}
