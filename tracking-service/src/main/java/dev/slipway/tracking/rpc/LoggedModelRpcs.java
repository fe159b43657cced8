package dev.slipway.tracking.rpc;

import dev.slipway.runtime.paging.Page;
import dev.slipway.tracking.model.LoggedModelId;
import dev.slipway.tracking.model.LoggedModelNotFoundException;
import dev.slipway.tracking.rpc.SearchRequests.Paged;
import dev.slipway.tracking.search.LoggedModelQuery;
import dev.slipway.tracking.service.ListCalls;
import dev.slipway.tracking.store.LoggedModelStore;
import dev.slipway.tracking.v1.CreateLoggedModelRequest;
import dev.slipway.tracking.v1.DeleteLoggedModelRequest;
import dev.slipway.tracking.v1.DeleteLoggedModelTagsRequest;
import dev.slipway.tracking.v1.DeleteLoggedModelTagsResponse;
import dev.slipway.tracking.v1.FinalizeLoggedModelRequest;
import dev.slipway.tracking.v1.GetLoggedModelRequest;
import dev.slipway.tracking.v1.LogLoggedModelParamsRequest;
import dev.slipway.tracking.v1.LogLoggedModelParamsResponse;
import dev.slipway.tracking.v1.LoggedModel;
import dev.slipway.tracking.v1.RestoreLoggedModelRequest;
import dev.slipway.tracking.v1.SearchLoggedModelsRequest;
import dev.slipway.tracking.v1.SearchLoggedModelsResponse;
import dev.slipway.tracking.v1.SetLoggedModelTagsRequest;
import dev.slipway.tracking.v1.SetLoggedModelTagsResponse;
import dev.slipway.tracking.v1.UpdateLoggedModelRequest;
import java.time.Clock;
import java.util.random.RandomGenerator;

/** Answers the RPCs about logged models. Thread-safe. */
final class LoggedModelRpcs {
  private final LoggedModelStore models;
  private final ListCalls lists;
  private final Clock clock;
  private final RandomGenerator random;

  LoggedModelRpcs(LoggedModelStore models, ListCalls lists, Clock clock, RandomGenerator random) {
    this.models = models;
    this.lists = lists;
    this.clock = clock;
    this.random = random;
  }

  LoggedModel create(CreateLoggedModelRequest request) {
    return LoggedModelProtos.loggedModel(
        models.create(LoggedModelRequests.create(request, random), clock.instant()));
  }

  LoggedModel get(GetLoggedModelRequest request) {
    LoggedModelId id = LoggedModelRequests.id(request.getModelId());
    var model = models.get(id);
    if (!model.info().active() && !request.getAllowDeleted()) {
      throw LoggedModelNotFoundException.deleted(id);
    }
    return LoggedModelProtos.loggedModel(model);
  }

  SearchLoggedModelsResponse search(SearchLoggedModelsRequest request) {
    Paged<LoggedModelQuery> paged = LoggedModelSearchRequests.search(request);
    Page<LoggedModel> page =
        lists
            .call(() -> models.search(paged.query(), paged.page()))
            .map(LoggedModelProtos::loggedModel);
    return SearchLoggedModelsResponse.newBuilder()
        .addAllModels(page.items())
        .setNextPageToken(page.nextPageToken())
        .build();
  }

  LoggedModel finish(FinalizeLoggedModelRequest request) {
    LoggedModelRequests.Finish finish = LoggedModelRequests.finish(request);
    return LoggedModelProtos.loggedModel(
        models.finish(finish.id(), finish.status(), finish.message(), clock.instant()));
  }

  LoggedModel update(UpdateLoggedModelRequest request) {
    LoggedModelRequests.Change change = LoggedModelRequests.update(request);
    return LoggedModelProtos.loggedModel(
        models.update(change.id(), change.update(), clock.instant()));
  }

  LoggedModel delete(DeleteLoggedModelRequest request) {
    LoggedModelId id = LoggedModelRequests.id(request.getModelId());
    return LoggedModelProtos.loggedModel(models.delete(id, clock.instant()));
  }

  LoggedModel restore(RestoreLoggedModelRequest request) {
    LoggedModelId id = LoggedModelRequests.id(request.getModelId());
    return LoggedModelProtos.loggedModel(models.restore(id, clock.instant()));
  }

  SetLoggedModelTagsResponse setTags(SetLoggedModelTagsRequest request) {
    LoggedModelRequests.Tags change = LoggedModelRequests.setTags(request);
    models.setTags(change.id(), change.tags(), clock.instant());
    return SetLoggedModelTagsResponse.getDefaultInstance();
  }

  DeleteLoggedModelTagsResponse deleteTags(DeleteLoggedModelTagsRequest request) {
    LoggedModelRequests.TagKeys change = LoggedModelRequests.deleteTags(request);
    models.deleteTags(change.id(), change.keys(), clock.instant());
    return DeleteLoggedModelTagsResponse.getDefaultInstance();
  }

  LogLoggedModelParamsResponse logParams(LogLoggedModelParamsRequest request) {
    LoggedModelRequests.Params change = LoggedModelRequests.logParams(request);
    models.logParams(change.id(), change.params(), clock.instant());
    return LogLoggedModelParamsResponse.getDefaultInstance();
  }
}
