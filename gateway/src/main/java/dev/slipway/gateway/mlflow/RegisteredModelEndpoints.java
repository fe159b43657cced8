package dev.slipway.gateway.mlflow;

import com.google.protobuf.FieldMask;
import dev.slipway.gateway.upstream.Outcome;
import dev.slipway.gateway.upstream.Services;
import dev.slipway.registry.v1.CreateRegisteredModelRequest;
import dev.slipway.registry.v1.DeleteModelAliasRequest;
import dev.slipway.registry.v1.DeleteRegisteredModelRequest;
import dev.slipway.registry.v1.DeleteRegisteredModelTagsRequest;
import dev.slipway.registry.v1.GetLatestVersionsRequest;
import dev.slipway.registry.v1.GetRegisteredModelRequest;
import dev.slipway.registry.v1.GetVersionByAliasRequest;
import dev.slipway.registry.v1.ModelVersion;
import dev.slipway.registry.v1.RegisteredModel;
import dev.slipway.registry.v1.RenameRegisteredModelRequest;
import dev.slipway.registry.v1.SearchRegisteredModelsRequest;
import dev.slipway.registry.v1.SearchRegisteredModelsResponse;
import dev.slipway.registry.v1.SetModelAliasRequest;
import dev.slipway.registry.v1.SetRegisteredModelTagsRequest;
import dev.slipway.registry.v1.UpdateRegisteredModelRequest;
import io.grpc.StatusRuntimeException;
import java.util.List;
import java.util.stream.Stream;

/** Answers {@code registered-models/...}. Thread-safe. */
final class RegisteredModelEndpoints implements MlflowFamily {
  private static final int DEFAULT_PAGE = 100;
  private static final int MAX_PAGE = 1_000;

  private final Services services;

  /** Is a model as a list shows it. */
  private record Listed(RegisteredModel model, List<ModelVersion> latestVersions) {}

  RegisteredModelEndpoints(Services services) {
    this.services = services;
  }

  @Override
  public List<MlflowRoute> routes() {
    return List.of(
        MlflowRoute.post("registered-models/create", this::create),
        MlflowRoute.get("registered-models/get", this::get),
        MlflowRoute.post("registered-models/rename", this::rename),
        MlflowRoute.patch("registered-models/update", this::update),
        MlflowRoute.delete("registered-models/delete", this::delete),
        MlflowRoute.get("registered-models/search", this::search),
        MlflowRoute.post("registered-models/search", this::search),
        MlflowRoute.get("registered-models/get-latest-versions", this::getLatestVersions),
        MlflowRoute.post("registered-models/get-latest-versions", this::getLatestVersions),
        MlflowRoute.post("registered-models/set-tag", this::setTag),
        MlflowRoute.delete("registered-models/delete-tag", this::deleteTag),
        MlflowRoute.get("registered-models/alias", this::getByAlias),
        MlflowRoute.post("registered-models/alias", this::setAlias),
        MlflowRoute.delete("registered-models/alias", this::deleteAlias));
  }

  Answer create(Fields request) {
    return answer(
        services
            .registry()
            .createRegisteredModel(
                CreateRegisteredModelRequest.newBuilder()
                    .setName(request.text("name"))
                    .setDescription(request.text("description"))
                    .setDeploymentJobId(request.text("deployment_job_id"))
                    .putAllTags(RegistryEntries.tags(request))
                    .build()));
  }

  Answer get(Fields request) {
    return answer(
        services
            .registry()
            .getRegisteredModel(
                GetRegisteredModelRequest.newBuilder().setName(request.text("name")).build()));
  }

  Answer rename(Fields request) {
    return answer(
        services
            .registry()
            .renameRegisteredModel(
                RenameRegisteredModelRequest.newBuilder()
                    .setName(request.text("name"))
                    .setNewName(request.text("new_name"))
                    .build()));
  }

  Answer update(Fields request) {
    return answer(
        services
            .registry()
            .updateRegisteredModel(
                UpdateRegisteredModelRequest.newBuilder()
                    .setRegisteredModel(
                        RegisteredModel.newBuilder()
                            .setName(request.text("name"))
                            .setDescription(request.text("description")))
                    .setUpdateMask(FieldMask.newBuilder().addPaths("description"))
                    .build()));
  }

  private Answer answer(RegisteredModel model) {
    List<ModelVersion> latest = latestVersions(model);
    return json -> {
      json.writeFieldName("registered_model");
      RegistryJson.model(json, model, latest);
    };
  }

  private List<ModelVersion> latestVersions(RegisteredModel model) {
    return model.getLatestVersionsCount() == 0
        ? List.of()
        : services
            .registry()
            .getLatestVersions(
                GetLatestVersionsRequest.newBuilder().setName(model.getName()).build())
            .getModelVersionsList();
  }

  /** Deletes as MLflow does: whoever asks for it means it, whatever stage versions are in. */
  Answer delete(Fields request) {
    services
        .registry()
        .deleteRegisteredModel(
            DeleteRegisteredModelRequest.newBuilder()
                .setName(request.text("name"))
                .setForce(true)
                .build());
    return Answer.EMPTY;
  }

  Answer search(Fields request) {
    SearchRegisteredModelsRequest.Builder call =
        SearchRegisteredModelsRequest.newBuilder()
            .setFilter(PromptFilter.hidingPrompts(request.text("filter")))
            .addAllOrderBy(request.texts("order_by"));
    return PagedAnswer.of(
        "registered_models",
        RegistryEntries.maxResults(request, DEFAULT_PAGE, MAX_PAGE),
        request.text("page_token"),
        (size, token) -> {
          SearchRegisteredModelsResponse page =
              services
                  .registry()
                  .searchRegisteredModels(call.setPageSize(size).setPageToken(token).build());
          return new PagedAnswer.Page<>(
              page.getRegisteredModelsList().stream().flatMap(this::listed).toList(),
              page.getNextPageToken());
        },
        (json, model) -> RegistryJson.model(json, model.model(), model.latestVersions()));
  }

  /** A model that was deleted after it was found is not listed. */
  private Stream<Listed> listed(RegisteredModel model) {
    try {
      return Stream.of(new Listed(model, latestVersions(model)));
    } catch (StatusRuntimeException e) {
      if (Outcome.of(e).reason().equals("REGISTERED_MODEL_NOT_FOUND")) {
        return Stream.empty();
      }
      throw e;
    }
  }

  Answer getLatestVersions(Fields request) {
    GetLatestVersionsRequest.Builder call =
        GetLatestVersionsRequest.newBuilder().setName(request.text("name"));
    request.texts("stages").forEach(name -> call.addStages(RegistryEntries.stage("stages", name)));
    List<ModelVersion> versions =
        services.registry().getLatestVersions(call.build()).getModelVersionsList();
    return json -> JsonWriter.list(json, "model_versions", versions, RegistryJson::version);
  }

  Answer setTag(Fields request) {
    services
        .registry()
        .setRegisteredModelTags(
            SetRegisteredModelTagsRequest.newBuilder()
                .setName(request.text("name"))
                .putTags(request.requiredText("key"), request.text("value"))
                .build());
    return Answer.EMPTY;
  }

  Answer deleteTag(Fields request) {
    services
        .registry()
        .deleteRegisteredModelTags(
            DeleteRegisteredModelTagsRequest.newBuilder()
                .setName(request.text("name"))
                .addKeys(request.requiredText("key"))
                .build());
    return Answer.EMPTY;
  }

  Answer setAlias(Fields request) {
    services
        .registry()
        .setModelAlias(
            SetModelAliasRequest.newBuilder()
                .setName(request.text("name"))
                .setAlias(request.text("alias"))
                .setVersion(RegistryEntries.version(request))
                .build());
    return Answer.EMPTY;
  }

  Answer deleteAlias(Fields request) {
    services
        .registry()
        .deleteModelAlias(
            DeleteModelAliasRequest.newBuilder()
                .setName(request.text("name"))
                .setAlias(request.text("alias"))
                .build());
    return Answer.EMPTY;
  }

  Answer getByAlias(Fields request) {
    ModelVersion version =
        services
            .registry()
            .getVersionByAlias(
                GetVersionByAliasRequest.newBuilder()
                    .setName(request.text("name"))
                    .setAlias(request.text("alias"))
                    .build());
    return json -> {
      json.writeFieldName("model_version");
      RegistryJson.version(json, version);
    };
  }
}
