package dev.slipway.gateway.mlflow;

import dev.slipway.gateway.upstream.Services;
import dev.slipway.tracking.v1.CreateLoggedModelRequest;
import dev.slipway.tracking.v1.DatasetSelector;
import dev.slipway.tracking.v1.DeleteLoggedModelRequest;
import dev.slipway.tracking.v1.DeleteLoggedModelTagsRequest;
import dev.slipway.tracking.v1.FinalizeLoggedModelRequest;
import dev.slipway.tracking.v1.GetLoggedModelRequest;
import dev.slipway.tracking.v1.LogLoggedModelParamsRequest;
import dev.slipway.tracking.v1.LoggedModel;
import dev.slipway.tracking.v1.LoggedModelOrder;
import dev.slipway.tracking.v1.LoggedModelStatus;
import dev.slipway.tracking.v1.SearchLoggedModelsRequest;
import dev.slipway.tracking.v1.SearchLoggedModelsResponse;
import dev.slipway.tracking.v1.SetLoggedModelTagsRequest;
import io.grpc.StatusRuntimeException;
import java.util.List;

/** Answers {@code logged-models/...}. Thread-safe. */
final class LoggedModelEndpoints implements MlflowFamily {
  private static final int DEFAULT_PAGE = 50;
  private static final int PAGE_OF_ZERO = 100;

  private final Services services;

  LoggedModelEndpoints(Services services) {
    this.services = services;
  }

  @Override
  public List<MlflowRoute> routes() {
    return List.of(
        MlflowRoute.post("logged-models", this::create),
        MlflowRoute.post("logged-models/search", this::search)
            .naming("order_by[].field", "order_by[].field_name")
            .naming("order_by[].dataset.name", "order_by[].dataset_name")
            .naming("datasets[].name", "datasets[].dataset_name"),
        MlflowRoute.get("logged-models/{model_id}", this::get),
        MlflowRoute.patch("logged-models/{model_id}", this::finish),
        MlflowRoute.delete("logged-models/{model_id}", this::delete),
        MlflowRoute.patch("logged-models/{model_id}/tags", this::setTags),
        MlflowRoute.delete("logged-models/{model_id}/tags/{tag_key}", this::deleteTag)
            .naming("keys[]", "tag_key"),
        MlflowRoute.post("logged-models/{model_id}/params", this::logParams));
  }

  private Answer create(Fields request) {
    return answer(
        services
            .tracking()
            .createLoggedModel(
                CreateLoggedModelRequest.newBuilder()
                    .setExperimentId(request.text("experiment_id"))
                    .setName(request.text("name"))
                    .setModelType(request.text("model_type"))
                    .setSourceRunId(request.text("source_run_id"))
                    .addAllParams(Entries.params(request))
                    .addAllTags(Entries.tags(request))
                    .build()));
  }

  private Answer get(Fields request) {
    return answer(
        services
            .tracking()
            .getLoggedModel(
                GetLoggedModelRequest.newBuilder()
                    .setModelId(request.text("model_id"))
                    .setAllowDeleted(request.flag("allow_deleted"))
                    .build()));
  }

  private Answer finish(Fields request) {
    LoggedModelStatus status =
        request
            .findEnum(
                "status",
                LoggedModelStatus.class,
                LoggedModelJson.STATUS,
                LoggedModelJson.SERVICE_STATUS,
                LoggedModelStatus::forNumber)
            .orElseThrow(() -> MlflowException.missing("status"));
    return answer(
        services
            .tracking()
            .finalizeLoggedModel(
                FinalizeLoggedModelRequest.newBuilder()
                    .setModelId(request.text("model_id"))
                    .setStatus(status)
                    .build()));
  }

  private static Answer answer(LoggedModel model) {
    return json -> {
      json.writeFieldName("model");
      LoggedModelJson.model(json, model);
    };
  }

  private Answer delete(Fields request) {
    services
        .tracking()
        .deleteLoggedModel(
            DeleteLoggedModelRequest.newBuilder().setModelId(request.text("model_id")).build());
    return Answer.EMPTY;
  }

  private Answer search(Fields request) {
    SearchLoggedModelsRequest.Builder call =
        SearchLoggedModelsRequest.newBuilder()
            .addAllExperimentIds(request.texts("experiment_ids"))
            .setFilter(request.text("filter"));
    request.objects("datasets").forEach(dataset -> call.addDatasets(dataset(dataset)));
    request.objects("order_by").forEach(term -> call.addOrderBy(order(term)));
    int asked = request.findInt("max_results", 0, Integer.MAX_VALUE).orElse(DEFAULT_PAGE);
    if (call.getExperimentIdsCount() == 0) {
      return Answer.EMPTY;
    }
    return PagedAnswer.of(
        "models",
        asked == 0 ? PAGE_OF_ZERO : asked,
        request.text("page_token"),
        (size, token) -> {
          SearchLoggedModelsResponse page =
              services
                  .tracking()
                  .searchLoggedModels(call.setPageSize(size).setPageToken(token).build());
          return new PagedAnswer.Page<>(page.getModelsList(), page.getNextPageToken());
        },
        LoggedModelJson::model);
  }

  private static LoggedModelOrder order(Fields term) {
    LoggedModelOrder.Builder order =
        LoggedModelOrder.newBuilder()
            .setField(term.requiredText("field_name"))
            .setDescending(term.has("ascending") && !term.flag("ascending"));
    if (term.has("dataset_name") || term.has("dataset_digest")) {
      order.setDataset(dataset(term));
    }
    return order.build();
  }

  private static DatasetSelector dataset(Fields fields) {
    return DatasetSelector.newBuilder()
        .setName(fields.text("dataset_name"))
        .setDigest(fields.text("dataset_digest"))
        .build();
  }

  private Answer setTags(Fields request) {
    services
        .tracking()
        .setLoggedModelTags(
            SetLoggedModelTagsRequest.newBuilder()
                .setModelId(request.text("model_id"))
                .addAllTags(Entries.tags(request))
                .build());
    return Answer.EMPTY;
  }

  private Answer deleteTag(Fields request) {
    String id = request.text("model_id");
    String key = request.text("tag_key");
    try {
      services
          .tracking()
          .deleteLoggedModelTags(
              DeleteLoggedModelTagsRequest.newBuilder().setModelId(id).addKeys(key).build());
    } catch (StatusRuntimeException e) {
      throw Entries.tagNotFound(e, key, "logged model", id);
    }
    return Answer.EMPTY;
  }

  private Answer logParams(Fields request) {
    services
        .tracking()
        .logLoggedModelParams(
            LogLoggedModelParamsRequest.newBuilder()
                .setModelId(request.text("model_id"))
                .addAllParams(Entries.params(request))
                .build());
    return Answer.EMPTY;
  }
}
