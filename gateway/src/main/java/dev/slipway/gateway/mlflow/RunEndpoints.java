package dev.slipway.gateway.mlflow;

import dev.slipway.gateway.upstream.Services;
import dev.slipway.tracking.v1.CreateRunRequest;
import dev.slipway.tracking.v1.DeleteRunRequest;
import dev.slipway.tracking.v1.DeleteRunTagsRequest;
import dev.slipway.tracking.v1.GetRunRequest;
import dev.slipway.tracking.v1.KeySelection;
import dev.slipway.tracking.v1.LogBatchRequest;
import dev.slipway.tracking.v1.RestoreRunRequest;
import dev.slipway.tracking.v1.Run;
import dev.slipway.tracking.v1.RunInfo;
import dev.slipway.tracking.v1.RunProjection;
import dev.slipway.tracking.v1.RunStatus;
import dev.slipway.tracking.v1.SearchRunsRequest;
import dev.slipway.tracking.v1.SearchRunsResponse;
import dev.slipway.tracking.v1.SetRunTagsRequest;
import dev.slipway.tracking.v1.UpdateRunRequest;
import io.grpc.StatusRuntimeException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** Answers {@code runs/...}. Thread-safe. */
final class RunEndpoints implements MlflowFamily {
  private static final int DEFAULT_PAGE = 1_000;

  private static final RunProjection INFO_ONLY =
      RunProjection.newBuilder()
          .setMetrics(KeySelection.newBuilder().setMode(KeySelection.Mode.MODE_NONE))
          .setParams(KeySelection.newBuilder().setMode(KeySelection.Mode.MODE_NONE))
          .setTags(KeySelection.newBuilder().setMode(KeySelection.Mode.MODE_NONE))
          .setOmitInputsAndOutputs(true)
          .build();

  private final Services services;

  RunEndpoints(Services services) {
    this.services = services;
  }

  @Override
  public List<MlflowRoute> routes() {
    return List.of(
        MlflowRoute.post("runs/create", this::create),
        MlflowRoute.get("runs/get", this::get),
        MlflowRoute.post("runs/update", this::update),
        MlflowRoute.post("runs/search", this::search),
        MlflowRoute.post("runs/delete", this::delete),
        MlflowRoute.post("runs/restore", this::restore),
        MlflowRoute.post("runs/log-metric", this::logMetric),
        MlflowRoute.post("runs/log-parameter", this::logParameter),
        MlflowRoute.post("runs/log-batch", this::logBatch),
        MlflowRoute.post("runs/set-tag", this::setTag),
        MlflowRoute.post("runs/delete-tag", this::deleteTag));
  }

  Answer create(Fields request) {
    CreateRunRequest.Builder call =
        CreateRunRequest.newBuilder()
            .setExperimentId(request.text("experiment_id"))
            .setUserId(request.text("user_id"))
            .setRunName(request.text("run_name"))
            .addAllTags(Entries.runTags(request));
    time(request, "start_time").ifPresent(at -> call.setStartTime(Times.ofMillis(at)));
    return answer(services.tracking().createRun(call.build()));
  }

  Answer get(Fields request) {
    return answer(
        services
            .tracking()
            .getRun(
                GetRunRequest.newBuilder()
                    .setRunId(Entries.runId(request))
                    .setFullDatasets(true)
                    .build()));
  }

  private static Answer answer(Run run) {
    return json -> {
      json.writeFieldName("run");
      TrackingJson.run(json, run);
    };
  }

  /** Changes what the request names; a request that names nothing reads. */
  Answer update(Fields request) {
    RunInfo.Builder run = RunInfo.newBuilder().setRunId(Entries.runId(request));
    UpdateRunRequest.Builder call = UpdateRunRequest.newBuilder();
    Optional<RunStatus> status =
        request.findEnum("status", RunStatus.class, "RUN_STATUS_", RunStatus::forNumber);
    if (status.isPresent()) {
      run.setStatus(status.get());
      call.getUpdateMaskBuilder().addPaths("status");
    }
    OptionalLong endTime = time(request, "end_time");
    if (endTime.isPresent()) {
      run.setEndTime(Times.ofMillis(endTime.getAsLong()));
      call.getUpdateMaskBuilder().addPaths("end_time");
    }
    String name = request.text("run_name");
    if (!name.isEmpty()) {
      run.setRunName(name);
      call.getUpdateMaskBuilder().addPaths("run_name");
    }
    RunInfo info =
        call.hasUpdateMask()
            ? services.tracking().updateRun(call.setRun(run).build())
            : services
                .tracking()
                .getRun(
                    GetRunRequest.newBuilder()
                        .setRunId(run.getRunId())
                        .setProjection(INFO_ONLY)
                        .build())
                .getInfo();
    return json -> {
      json.writeFieldName("run_info");
      TrackingJson.runInfo(json, info);
    };
  }

  private static OptionalLong time(Fields request, String name) {
    OptionalLong millis = request.findLong(name);
    if (millis.isPresent() && (millis.getAsLong() < 0 || millis.getAsLong() > Times.MAX_MILLIS)) {
      throw MlflowException.invalidValue(
          name, request.shownAt(name), "must be milliseconds since 1970, up to the year 9999");
    }
    return millis;
  }

  Answer delete(Fields request) {
    services
        .tracking()
        .deleteRun(DeleteRunRequest.newBuilder().setRunId(Entries.runId(request)).build());
    return Answer.EMPTY;
  }

  Answer restore(Fields request) {
    services
        .tracking()
        .restoreRun(RestoreRunRequest.newBuilder().setRunId(Entries.runId(request)).build());
    return Answer.EMPTY;
  }

  Answer search(Fields request) {
    List<String> experiments = request.texts("experiment_ids");
    SearchRunsRequest.Builder call =
        SearchRunsRequest.newBuilder()
            .addAllExperimentIds(experiments)
            .setFilter(request.text("filter"))
            .setViewType(Entries.viewType(request, "run_view_type"))
            .addAllOrderBy(request.texts("order_by"));
    int maxResults = Entries.maxResults(request, DEFAULT_PAGE);
    if (experiments.isEmpty()) {
      return Answer.EMPTY;
    }
    return PagedAnswer.of(
        "runs",
        maxResults,
        request.text("page_token"),
        (size, token) -> {
          SearchRunsResponse page =
              services.tracking().searchRuns(call.setPageSize(size).setPageToken(token).build());
          return new PagedAnswer.Page<>(page.getRunsList(), page.getNextPageToken());
        },
        TrackingJson::run);
  }

  Answer logMetric(Fields request) {
    return log(
        LogBatchRequest.newBuilder()
            .setRunId(Entries.runId(request))
            .addMetrics(Entries.metric(request))
            .build());
  }

  Answer logParameter(Fields request) {
    return log(
        LogBatchRequest.newBuilder()
            .setRunId(Entries.runId(request))
            .addParams(Entries.param(request))
            .build());
  }

  Answer logBatch(Fields request) {
    return log(
        LogBatchRequest.newBuilder()
            .setRunId(Entries.runId(request))
            .addAllMetrics(Entries.metrics(request))
            .addAllParams(Entries.params(request))
            .addAllTags(Entries.runTags(request))
            .build());
  }

  private Answer log(LogBatchRequest call) {
    services.tracking().logBatch(call);
    return Answer.EMPTY;
  }

  Answer setTag(Fields request) {
    services
        .tracking()
        .setRunTags(
            SetRunTagsRequest.newBuilder()
                .setRunId(Entries.runId(request))
                .addTags(Entries.runTag(request))
                .build());
    return Answer.EMPTY;
  }

  Answer deleteTag(Fields request) {
    String id = Entries.runId(request);
    String key = request.text("key");
    try {
      services
          .tracking()
          .deleteRunTags(DeleteRunTagsRequest.newBuilder().setRunId(id).addKeys(key).build());
    } catch (StatusRuntimeException e) {
      throw Entries.tagNotFound(e, key, "run", id);
    }
    return Answer.EMPTY;
  }
}
