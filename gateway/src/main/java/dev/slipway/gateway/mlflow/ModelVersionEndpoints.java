package dev.slipway.gateway.mlflow;

import com.google.protobuf.FieldMask;
import dev.slipway.gateway.upstream.Services;
import dev.slipway.registry.v1.CreateModelVersionRequest;
import dev.slipway.registry.v1.DeleteModelVersionRequest;
import dev.slipway.registry.v1.DeleteModelVersionTagsRequest;
import dev.slipway.registry.v1.GetModelVersionRequest;
import dev.slipway.registry.v1.ModelVersion;
import dev.slipway.registry.v1.SearchModelVersionsRequest;
import dev.slipway.registry.v1.SearchModelVersionsResponse;
import dev.slipway.registry.v1.SetModelVersionTagsRequest;
import dev.slipway.registry.v1.TransitionStageRequest;
import dev.slipway.registry.v1.UpdateModelVersionRequest;
import java.util.List;

/** Answers {@code model-versions/...}. Thread-safe. */
final class ModelVersionEndpoints implements MlflowFamily {
  private static final int MAX_PAGE = 200_000;

  private final Services services;

  ModelVersionEndpoints(Services services) {
    this.services = services;
  }

  @Override
  public List<MlflowRoute> routes() {
    return List.of(
        MlflowRoute.post("model-versions/create", this::create)
            .naming("logged_model_id", "model_id"),
        MlflowRoute.get("model-versions/get", this::get),
        MlflowRoute.patch("model-versions/update", this::update),
        MlflowRoute.delete("model-versions/delete", this::delete),
        MlflowRoute.get("model-versions/search", this::search),
        MlflowRoute.get("model-versions/get-download-uri", this::getDownloadUri),
        MlflowRoute.post("model-versions/transition-stage", this::transitionStage),
        MlflowRoute.post("model-versions/set-tag", this::setTag),
        MlflowRoute.delete("model-versions/delete-tag", this::deleteTag));
  }

  Answer create(Fields request) {
    return answer(
        services
            .registry()
            .createModelVersion(
                CreateModelVersionRequest.newBuilder()
                    .setName(request.text("name"))
                    .setSource(request.text("source"))
                    .setRunId(request.text("run_id"))
                    .setRunLink(request.text("run_link"))
                    .setDescription(request.text("description"))
                    .setLoggedModelId(request.text("model_id"))
                    .putAllTags(RegistryEntries.tags(request))
                    // MLflow registers whatever it is pointed at.
                    .setAllowMissingModelFile(true)
                    .build()));
  }

  Answer get(Fields request) {
    return answer(find(request));
  }

  private ModelVersion find(Fields request) {
    return services
        .registry()
        .getModelVersion(
            GetModelVersionRequest.newBuilder()
                .setName(request.text("name"))
                .setVersion(RegistryEntries.version(request))
                .build());
  }

  private static Answer answer(ModelVersion version) {
    return json -> {
      json.writeFieldName("model_version");
      RegistryJson.version(json, version);
    };
  }

  Answer update(Fields request) {
    return answer(
        services
            .registry()
            .updateModelVersion(
                UpdateModelVersionRequest.newBuilder()
                    .setModelVersion(
                        ModelVersion.newBuilder()
                            .setName(request.text("name"))
                            .setVersion(RegistryEntries.version(request))
                            .setDescription(request.text("description")))
                    .setUpdateMask(FieldMask.newBuilder().addPaths("description"))
                    .build()));
  }

  /** Deletes as MLflow does: whoever asks for it means it, whatever stage the version is in. */
  Answer delete(Fields request) {
    services
        .registry()
        .deleteModelVersion(
            DeleteModelVersionRequest.newBuilder()
                .setName(request.text("name"))
                .setVersion(RegistryEntries.version(request))
                .setForce(true)
                .build());
    return Answer.EMPTY;
  }

  Answer search(Fields request) {
    SearchModelVersionsRequest.Builder call =
        SearchModelVersionsRequest.newBuilder()
            .setFilter(PromptFilter.hidingPrompts(request.text("filter")))
            .addAllOrderBy(request.texts("order_by"));
    return PagedAnswer.of(
        "model_versions",
        RegistryEntries.maxResults(request, MAX_PAGE, MAX_PAGE),
        request.text("page_token"),
        (size, token) -> {
          SearchModelVersionsResponse page =
              services
                  .registry()
                  .searchModelVersions(call.setPageSize(size).setPageToken(token).build());
          return new PagedAnswer.Page<>(page.getModelVersionsList(), page.getNextPageToken());
        },
        RegistryJson::version);
  }

  Answer getDownloadUri(Fields request) {
    ModelVersion version = find(request);
    String uri =
        version.getArtifactPath().isEmpty()
            ? version.getSource()
            : "mlflow-artifacts:/" + version.getArtifactPath();
    return json -> json.writeStringField("artifact_uri", uri);
  }

  Answer transitionStage(Fields request) {
    return answer(
        services
            .registry()
            .transitionStage(
                TransitionStageRequest.newBuilder()
                    .setName(request.text("name"))
                    .setVersion(RegistryEntries.version(request))
                    .setStage(RegistryEntries.stage("stage", request.requiredText("stage")))
                    .setArchiveExistingVersions(request.flag("archive_existing_versions"))
                    .build())
            .getModelVersion());
  }

  /** Sets a tag; unlike those of models it must be given a value. */
  Answer setTag(Fields request) {
    SetModelVersionTagsRequest.Builder call =
        SetModelVersionTagsRequest.newBuilder()
            .setName(request.text("name"))
            .setVersion(RegistryEntries.version(request));
    String key = request.requiredText("key");
    String value = request.findText("value").orElseThrow(() -> MlflowException.missing("value"));
    services.registry().setModelVersionTags(call.putTags(key, value).build());
    return Answer.EMPTY;
  }

  Answer deleteTag(Fields request) {
    services
        .registry()
        .deleteModelVersionTags(
            DeleteModelVersionTagsRequest.newBuilder()
                .setName(request.text("name"))
                .setVersion(RegistryEntries.version(request))
                .addKeys(request.requiredText("key"))
                .build());
    return Answer.EMPTY;
  }
}
