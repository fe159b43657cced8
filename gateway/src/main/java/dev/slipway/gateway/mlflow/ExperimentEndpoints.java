package dev.slipway.gateway.mlflow;

import com.google.protobuf.FieldMask;
import dev.slipway.gateway.upstream.Outcome;
import dev.slipway.gateway.upstream.Services;
import dev.slipway.tracking.v1.CreateExperimentRequest;
import dev.slipway.tracking.v1.DeleteExperimentRequest;
import dev.slipway.tracking.v1.DeleteExperimentTagsRequest;
import dev.slipway.tracking.v1.Experiment;
import dev.slipway.tracking.v1.GetExperimentByNameRequest;
import dev.slipway.tracking.v1.GetExperimentRequest;
import dev.slipway.tracking.v1.RestoreExperimentRequest;
import dev.slipway.tracking.v1.SearchExperimentsRequest;
import dev.slipway.tracking.v1.SearchExperimentsResponse;
import dev.slipway.tracking.v1.SetExperimentTagsRequest;
import dev.slipway.tracking.v1.UpdateExperimentRequest;
import io.grpc.StatusRuntimeException;
import java.util.List;

/** Answers {@code experiments/...}. Thread-safe. */
final class ExperimentEndpoints implements MlflowFamily {
  private static final int DEFAULT_PAGE = 1_000;

  private final Services services;

  ExperimentEndpoints(Services services) {
    this.services = services;
  }

  @Override
  public List<MlflowRoute> routes() {
    return List.of(
        MlflowRoute.post("experiments/create", this::create),
        MlflowRoute.get("experiments/get", this::get),
        MlflowRoute.get("experiments/get-by-name", this::getByName),
        MlflowRoute.get("experiments/search", this::search),
        MlflowRoute.post("experiments/search", this::search),
        MlflowRoute.post("experiments/update", this::update).naming("experiment.name", "new_name"),
        MlflowRoute.post("experiments/delete", this::delete),
        MlflowRoute.post("experiments/restore", this::restore),
        MlflowRoute.post("experiments/set-experiment-tag", this::setTag),
        MlflowRoute.post("experiments/delete-experiment-tag", this::deleteTag));
  }

  Answer create(Fields request) {
    Experiment experiment =
        services
            .tracking()
            .createExperiment(
                CreateExperimentRequest.newBuilder()
                    .setName(request.text("name"))
                    .setArtifactLocation(request.text("artifact_location"))
                    .addAllTags(Entries.tags(request))
                    .build());
    return json -> json.writeStringField("experiment_id", experiment.getExperimentId());
  }

  Answer get(Fields request) {
    return answer(
        services
            .tracking()
            .getExperiment(
                GetExperimentRequest.newBuilder()
                    .setExperimentId(request.text("experiment_id"))
                    .build()));
  }

  Answer getByName(Fields request) {
    return answer(
        services
            .tracking()
            .getExperimentByName(
                GetExperimentByNameRequest.newBuilder()
                    .setName(request.requiredText("experiment_name"))
                    .build()));
  }

  private static Answer answer(Experiment experiment) {
    return json -> {
      json.writeFieldName("experiment");
      TrackingJson.experiment(json, experiment);
    };
  }

  Answer search(Fields request) {
    SearchExperimentsRequest.Builder call =
        SearchExperimentsRequest.newBuilder()
            .setFilter(request.text("filter"))
            .addAllOrderBy(request.texts("order_by"))
            .setViewType(Entries.viewType(request, "view_type"));
    return PagedAnswer.of(
        "experiments",
        Entries.maxResults(request, DEFAULT_PAGE),
        request.text("page_token"),
        (size, token) -> {
          SearchExperimentsResponse page =
              services
                  .tracking()
                  .searchExperiments(call.setPageSize(size).setPageToken(token).build());
          return new PagedAnswer.Page<>(page.getExperimentsList(), page.getNextPageToken());
        },
        TrackingJson::experiment);
  }

  Answer update(Fields request) {
    services
        .tracking()
        .updateExperiment(
            UpdateExperimentRequest.newBuilder()
                .setExperiment(
                    Experiment.newBuilder()
                        .setExperimentId(request.text("experiment_id"))
                        .setName(request.text("new_name")))
                .setUpdateMask(FieldMask.newBuilder().addPaths("name"))
                .build());
    return Answer.EMPTY;
  }

  Answer delete(Fields request) {
    String id = request.text("experiment_id");
    try {
      services
          .tracking()
          .deleteExperiment(DeleteExperimentRequest.newBuilder().setExperimentId(id).build());
    } catch (StatusRuntimeException e) {
      throw inWrongStage(e, "EXPERIMENT_NOT_ACTIVE", "No active Experiment with id=" + id);
    }
    return Answer.EMPTY;
  }

  Answer restore(Fields request) {
    String id = request.text("experiment_id");
    try {
      services
          .tracking()
          .restoreExperiment(RestoreExperimentRequest.newBuilder().setExperimentId(id).build());
    } catch (StatusRuntimeException e) {
      throw inWrongStage(e, "EXPERIMENT_NOT_DELETED", "No deleted Experiment with id=" + id);
    }
    return Answer.EMPTY;
  }

  /** To MLflow an experiment that is not in the stage to leave does not exist. */
  private static RuntimeException inWrongStage(
      StatusRuntimeException failure, String reason, String message) {
    return Outcome.of(failure).reason().equals(reason)
        ? new MlflowException(ErrorCode.RESOURCE_DOES_NOT_EXIST, message + " exists")
        : failure;
  }

  Answer setTag(Fields request) {
    services
        .tracking()
        .setExperimentTags(
            SetExperimentTagsRequest.newBuilder()
                .setExperimentId(request.text("experiment_id"))
                .addTags(Entries.wholeTag(request))
                .build());
    return Answer.EMPTY;
  }

  Answer deleteTag(Fields request) {
    String id = request.text("experiment_id");
    String key = request.text("key");
    try {
      services
          .tracking()
          .deleteExperimentTags(
              DeleteExperimentTagsRequest.newBuilder().setExperimentId(id).addKeys(key).build());
    } catch (StatusRuntimeException e) {
      throw Entries.tagNotFound(e, key, "experiment", id);
    }
    return Answer.EMPTY;
  }
}
