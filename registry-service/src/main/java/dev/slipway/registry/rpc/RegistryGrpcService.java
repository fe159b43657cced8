package dev.slipway.registry.rpc;

import com.google.protobuf.Message;
import dev.slipway.registry.event.RegistryEvent;
import dev.slipway.registry.model.AliasName;
import dev.slipway.registry.service.ModelVersionService;
import dev.slipway.registry.store.ModelAliasStore;
import dev.slipway.registry.store.ModelVersionStore;
import dev.slipway.registry.store.RegisteredModelStore;
import dev.slipway.registry.store.RegistryEventStore;
import dev.slipway.registry.v1.ApproveTransitionRequestRequest;
import dev.slipway.registry.v1.CancelTransitionRequestRequest;
import dev.slipway.registry.v1.CheckReport;
import dev.slipway.registry.v1.CheckResult;
import dev.slipway.registry.v1.CheckTransitionRequest;
import dev.slipway.registry.v1.CompareModelVersionsRequest;
import dev.slipway.registry.v1.CompareModelVersionsResponse;
import dev.slipway.registry.v1.CreateModelVersionRequest;
import dev.slipway.registry.v1.CreateRegisteredModelRequest;
import dev.slipway.registry.v1.CreateTransitionRequestRequest;
import dev.slipway.registry.v1.CreateWebhookRequest;
import dev.slipway.registry.v1.DeleteModelAliasRequest;
import dev.slipway.registry.v1.DeleteModelAliasResponse;
import dev.slipway.registry.v1.DeleteModelVersionRequest;
import dev.slipway.registry.v1.DeleteModelVersionResponse;
import dev.slipway.registry.v1.DeleteModelVersionTagsRequest;
import dev.slipway.registry.v1.DeleteRegisteredModelRequest;
import dev.slipway.registry.v1.DeleteRegisteredModelResponse;
import dev.slipway.registry.v1.DeleteRegisteredModelTagsRequest;
import dev.slipway.registry.v1.DeleteStagePolicyRequest;
import dev.slipway.registry.v1.DeleteStagePolicyResponse;
import dev.slipway.registry.v1.DeleteWebhookRequest;
import dev.slipway.registry.v1.DeleteWebhookResponse;
import dev.slipway.registry.v1.FinalizeModelVersionRequest;
import dev.slipway.registry.v1.GetLatestVersionsRequest;
import dev.slipway.registry.v1.GetLatestVersionsResponse;
import dev.slipway.registry.v1.GetLineageRequest;
import dev.slipway.registry.v1.GetLineageResponse;
import dev.slipway.registry.v1.GetModelVersionRequest;
import dev.slipway.registry.v1.GetRegisteredModelRequest;
import dev.slipway.registry.v1.GetStagePolicyRequest;
import dev.slipway.registry.v1.GetTransitionRequestRequest;
import dev.slipway.registry.v1.GetVersionByAliasRequest;
import dev.slipway.registry.v1.GetWebhookRequest;
import dev.slipway.registry.v1.ListActivitiesRequest;
import dev.slipway.registry.v1.ListActivitiesResponse;
import dev.slipway.registry.v1.ListCheckResultsRequest;
import dev.slipway.registry.v1.ListCheckResultsResponse;
import dev.slipway.registry.v1.ListModelVersionsRequest;
import dev.slipway.registry.v1.ListModelVersionsResponse;
import dev.slipway.registry.v1.ListStagePoliciesRequest;
import dev.slipway.registry.v1.ListStagePoliciesResponse;
import dev.slipway.registry.v1.ListTransitionRequestsRequest;
import dev.slipway.registry.v1.ListTransitionRequestsResponse;
import dev.slipway.registry.v1.ListWebhookDeliveriesRequest;
import dev.slipway.registry.v1.ListWebhookDeliveriesResponse;
import dev.slipway.registry.v1.ListWebhooksRequest;
import dev.slipway.registry.v1.ListWebhooksResponse;
import dev.slipway.registry.v1.ModelVersion;
import dev.slipway.registry.v1.RedeliverWebhookRequest;
import dev.slipway.registry.v1.RegisteredModel;
import dev.slipway.registry.v1.RegistryServiceGrpc;
import dev.slipway.registry.v1.RejectTransitionRequestRequest;
import dev.slipway.registry.v1.RenameRegisteredModelRequest;
import dev.slipway.registry.v1.ReportCheckRequest;
import dev.slipway.registry.v1.ResolveVersionRequest;
import dev.slipway.registry.v1.ResolveVersionResponse;
import dev.slipway.registry.v1.RollbackStageRequest;
import dev.slipway.registry.v1.RollbackStageResponse;
import dev.slipway.registry.v1.SearchModelVersionsRequest;
import dev.slipway.registry.v1.SearchModelVersionsResponse;
import dev.slipway.registry.v1.SearchRegisteredModelsRequest;
import dev.slipway.registry.v1.SearchRegisteredModelsResponse;
import dev.slipway.registry.v1.SetModelAliasRequest;
import dev.slipway.registry.v1.SetModelAliasResponse;
import dev.slipway.registry.v1.SetModelVersionTagsRequest;
import dev.slipway.registry.v1.SetRegisteredModelTagsRequest;
import dev.slipway.registry.v1.SetStagePolicyRequest;
import dev.slipway.registry.v1.StagePolicy;
import dev.slipway.registry.v1.TestWebhookRequest;
import dev.slipway.registry.v1.TransitionRequest;
import dev.slipway.registry.v1.TransitionStageRequest;
import dev.slipway.registry.v1.TransitionStageResponse;
import dev.slipway.registry.v1.UpdateModelVersionRequest;
import dev.slipway.registry.v1.UpdateRegisteredModelRequest;
import dev.slipway.registry.v1.UpdateWebhookRequest;
import dev.slipway.registry.v1.WatchRegistryRequest;
import dev.slipway.registry.v1.WatchRegistryResponse;
import dev.slipway.registry.v1.Webhook;
import dev.slipway.registry.v1.WebhookDelivery;
import dev.slipway.registry.version.VersionSelector;
import dev.slipway.runtime.paging.Page;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.Locale;

/** Answers the RPCs of the registry. Thread-safe. */
public final class RegistryGrpcService extends RegistryServiceGrpc.RegistryServiceImplBase {
  private final RegisteredModelStore models;
  private final ModelVersionStore versions;
  private final ModelVersionService registration;
  private final StageRpcs stages;
  private final StagePolicyRpcs policies;
  private final TransitionRequestRpcs requests;
  private final ModelAliasStore aliases;
  private final RegistryEventStore events;
  private final RegistryWatches watches;
  private final CheckRpcs checks;
  private final WebhookRpcs webhooks;
  private final LineageRpcs lineage;

  /** Creates the service. */
  public RegistryGrpcService(
      RegisteredModelStore models,
      ModelVersionStore versions,
      ModelVersionService registration,
      StageRpcs stages,
      StagePolicyRpcs policies,
      TransitionRequestRpcs requests,
      ModelAliasStore aliases,
      RegistryEventStore events,
      RegistryWatches watches,
      CheckRpcs checks,
      WebhookRpcs webhooks,
      LineageRpcs lineage) {
    this.models = models;
    this.versions = versions;
    this.registration = registration;
    this.stages = stages;
    this.policies = policies;
    this.requests = requests;
    this.aliases = aliases;
    this.events = events;
    this.watches = watches;
    this.checks = checks;
    this.webhooks = webhooks;
    this.lineage = lineage;
  }

  @Override
  public void createRegisteredModel(
      CreateRegisteredModelRequest request, StreamObserver<RegisteredModel> observer) {
    var in = RegistryRequests.createModel(request);
    answer(
        observer,
        RegistryProtos.model(models.create(in.wanted(), in.key(), CallerInterceptor.current())));
  }

  @Override
  public void getRegisteredModel(
      GetRegisteredModelRequest request, StreamObserver<RegisteredModel> observer) {
    answer(observer, RegistryProtos.model(models.get(RegistryRequests.name(request.getName()))));
  }

  @Override
  public void searchRegisteredModels(
      SearchRegisteredModelsRequest request,
      StreamObserver<SearchRegisteredModelsResponse> observer) {
    var in = RegistryRequests.searchModels(request);
    Page<RegisteredModel> page = models.search(in.search(), in.page()).map(RegistryProtos::model);
    answer(
        observer,
        SearchRegisteredModelsResponse.newBuilder()
            .addAllRegisteredModels(page.items())
            .setNextPageToken(page.nextPageToken())
            .build());
  }

  @Override
  public void updateRegisteredModel(
      UpdateRegisteredModelRequest request, StreamObserver<RegisteredModel> observer) {
    var in = RegistryRequests.updateModel(request);
    answer(
        observer,
        RegistryProtos.model(models.update(in.target(), in.value(), CallerInterceptor.current())));
  }

  @Override
  public void renameRegisteredModel(
      RenameRegisteredModelRequest request, StreamObserver<RegisteredModel> observer) {
    var in = RegistryRequests.rename(request.getName(), request.getNewName());
    answer(
        observer,
        RegistryProtos.model(models.rename(in.target(), in.value(), CallerInterceptor.current())));
  }

  @Override
  public void deleteRegisteredModel(
      DeleteRegisteredModelRequest request,
      StreamObserver<DeleteRegisteredModelResponse> observer) {
    registration.deleteModel(
        RegistryRequests.name(request.getName()), request.getForce(), CallerInterceptor.current());
    answer(observer, DeleteRegisteredModelResponse.getDefaultInstance());
  }

  @Override
  public void setRegisteredModelTags(
      SetRegisteredModelTagsRequest request, StreamObserver<RegisteredModel> observer) {
    var in = RegistryRequests.modelTags(request);
    answer(
        observer,
        RegistryProtos.model(
            models.setTags(
                in.target(), in.value(), in.expectedRevision(), CallerInterceptor.current())));
  }

  @Override
  public void deleteRegisteredModelTags(
      DeleteRegisteredModelTagsRequest request, StreamObserver<RegisteredModel> observer) {
    var in = RegistryRequests.modelTagKeys(request.getName(), request.getKeysList());
    answer(
        observer,
        RegistryProtos.model(
            models.deleteTags(in.target(), in.value(), CallerInterceptor.current())));
  }

  @Override
  public void createModelVersion(
      CreateModelVersionRequest request, StreamObserver<ModelVersion> observer) {
    var in = RegistryRequests.createVersion(request);
    answer(
        observer,
        RegistryProtos.version(
            PipelineFailures.explained(
                () -> registration.create(in.wanted(), in.key(), CallerInterceptor.current()))));
  }

  @Override
  public void finalizeModelVersion(
      FinalizeModelVersionRequest request, StreamObserver<ModelVersion> observer) {
    var in = RegistryRequests.version(request.getName(), request.getVersion());
    answer(
        observer,
        RegistryProtos.version(
            PipelineFailures.explained(
                () ->
                    registration.finalizeVersion(
                        in.name(), in.number(), CallerInterceptor.current()))));
  }

  @Override
  public void getModelVersion(
      GetModelVersionRequest request, StreamObserver<ModelVersion> observer) {
    var in = RegistryRequests.version(request.getName(), request.getVersion());
    answer(observer, RegistryProtos.version(versions.get(in.name(), in.number())));
  }

  @Override
  public void searchModelVersions(
      SearchModelVersionsRequest request, StreamObserver<SearchModelVersionsResponse> observer) {
    var in = RegistryRequests.searchVersions(request);
    Page<ModelVersion> page = versions.search(in.search(), in.page()).map(RegistryProtos::version);
    answer(
        observer,
        SearchModelVersionsResponse.newBuilder()
            .addAllModelVersions(page.items())
            .setNextPageToken(page.nextPageToken())
            .build());
  }

  @Override
  public void listModelVersions(
      ListModelVersionsRequest request, StreamObserver<ListModelVersionsResponse> observer) {
    var in = RegistryRequests.listVersions(request);
    Page<ModelVersion> page =
        versions.list(in.name(), in.stage(), in.page()).map(RegistryProtos::version);
    answer(
        observer,
        ListModelVersionsResponse.newBuilder()
            .addAllModelVersions(page.items())
            .setNextPageToken(page.nextPageToken())
            .build());
  }

  @Override
  public void getLatestVersions(
      GetLatestVersionsRequest request, StreamObserver<GetLatestVersionsResponse> observer) {
    var in = RegistryRequests.latest(request.getName(), request.getStagesList());
    answer(
        observer,
        GetLatestVersionsResponse.newBuilder()
            .addAllModelVersions(
                versions.latest(in.target(), in.value()).stream()
                    .map(RegistryProtos::version)
                    .toList())
            .build());
  }

  @Override
  public void updateModelVersion(
      UpdateModelVersionRequest request, StreamObserver<ModelVersion> observer) {
    var in = RegistryRequests.updateVersion(request);
    answer(
        observer,
        RegistryProtos.version(
            versions.update(
                in.target().name(),
                in.target().number(),
                in.value(),
                CallerInterceptor.current())));
  }

  @Override
  public void deleteModelVersion(
      DeleteModelVersionRequest request, StreamObserver<DeleteModelVersionResponse> observer) {
    var in = RegistryRequests.version(request.getName(), request.getVersion());
    registration.delete(in.name(), in.number(), request.getForce(), CallerInterceptor.current());
    answer(observer, DeleteModelVersionResponse.getDefaultInstance());
  }

  @Override
  public void setModelVersionTags(
      SetModelVersionTagsRequest request, StreamObserver<ModelVersion> observer) {
    var in =
        RegistryRequests.versionTags(request.getName(), request.getVersion(), request.getTagsMap());
    answer(
        observer,
        RegistryProtos.version(
            versions.setTags(
                in.target().name(),
                in.target().number(),
                in.value(),
                CallerInterceptor.current())));
  }

  @Override
  public void deleteModelVersionTags(
      DeleteModelVersionTagsRequest request, StreamObserver<ModelVersion> observer) {
    var in =
        RegistryRequests.versionTagKeys(
            request.getName(), request.getVersion(), request.getKeysList());
    answer(
        observer,
        RegistryProtos.version(
            versions.deleteTags(
                in.target().name(),
                in.target().number(),
                in.value(),
                CallerInterceptor.current())));
  }

  @Override
  public void transitionStage(
      TransitionStageRequest request, StreamObserver<TransitionStageResponse> observer) {
    answer(observer, stages.transition(request));
  }

  @Override
  public void rollbackStage(
      RollbackStageRequest request, StreamObserver<RollbackStageResponse> observer) {
    answer(observer, stages.rollback(request));
  }

  @Override
  public void checkTransition(
      CheckTransitionRequest request, StreamObserver<CheckReport> observer) {
    answer(observer, stages.check(request));
  }

  @Override
  public void setStagePolicy(SetStagePolicyRequest request, StreamObserver<StagePolicy> observer) {
    answer(observer, policies.set(request));
  }

  @Override
  public void getStagePolicy(GetStagePolicyRequest request, StreamObserver<StagePolicy> observer) {
    answer(observer, policies.get(request));
  }

  @Override
  public void listStagePolicies(
      ListStagePoliciesRequest request, StreamObserver<ListStagePoliciesResponse> observer) {
    answer(observer, policies.list(request));
  }

  @Override
  public void deleteStagePolicy(
      DeleteStagePolicyRequest request, StreamObserver<DeleteStagePolicyResponse> observer) {
    answer(observer, policies.delete(request));
  }

  @Override
  public void createTransitionRequest(
      CreateTransitionRequestRequest request, StreamObserver<TransitionRequest> observer) {
    answer(observer, requests.create(request));
  }

  @Override
  public void approveTransitionRequest(
      ApproveTransitionRequestRequest request, StreamObserver<TransitionRequest> observer) {
    answer(observer, requests.approve(request));
  }

  @Override
  public void rejectTransitionRequest(
      RejectTransitionRequestRequest request, StreamObserver<TransitionRequest> observer) {
    answer(observer, requests.reject(request));
  }

  @Override
  public void cancelTransitionRequest(
      CancelTransitionRequestRequest request, StreamObserver<TransitionRequest> observer) {
    answer(observer, requests.cancel(request));
  }

  @Override
  public void getTransitionRequest(
      GetTransitionRequestRequest request, StreamObserver<TransitionRequest> observer) {
    answer(observer, requests.get(request));
  }

  @Override
  public void listTransitionRequests(
      ListTransitionRequestsRequest request,
      StreamObserver<ListTransitionRequestsResponse> observer) {
    answer(observer, requests.list(request));
  }

  @Override
  public void setModelAlias(
      SetModelAliasRequest request, StreamObserver<SetModelAliasResponse> observer) {
    var in = RegistryRequests.setAlias(request);
    var set =
        aliases.set(
            in.name(), in.alias(), in.number(), in.protection(), CallerInterceptor.current());
    answer(
        observer,
        SetModelAliasResponse.newBuilder()
            .setAlias(RegistryProtos.alias(set.alias()))
            .setPreviousVersion(set.previous().map(version -> version.value()).orElse(0L))
            .setRevision(set.revision())
            .build());
  }

  @Override
  public void deleteModelAlias(
      DeleteModelAliasRequest request, StreamObserver<DeleteModelAliasResponse> observer) {
    var in = RegistryRequests.alias(request.getName(), request.getAlias());
    aliases.delete(in.name(), in.alias(), CallerInterceptor.current());
    answer(observer, DeleteModelAliasResponse.getDefaultInstance());
  }

  @Override
  public void getVersionByAlias(
      GetVersionByAliasRequest request, StreamObserver<ModelVersion> observer) {
    if (request.getAlias().toLowerCase(Locale.ROOT).equals(AliasName.LATEST)) {
      answer(
          observer,
          RegistryProtos.version(versions.newest(RegistryRequests.name(request.getName()))));
      return;
    }
    var in = RegistryRequests.alias(request.getName(), request.getAlias());
    answer(
        observer,
        RegistryProtos.version(
            versions.resolve(in.name(), new VersionSelector.ByAlias(in.alias())).version()));
  }

  @Override
  public void resolveVersion(
      ResolveVersionRequest request, StreamObserver<ResolveVersionResponse> observer) {
    var in = RegistryRequests.resolve(request);
    var resolved = versions.resolve(in.name(), in.selector());
    answer(
        observer,
        ResolveVersionResponse.newBuilder()
            .setModelVersion(RegistryProtos.version(resolved.version()))
            .setRevision(resolved.revision())
            .build());
  }

  @Override
  public void watchRegistry(
      WatchRegistryRequest request, StreamObserver<WatchRegistryResponse> observer) {
    watches.open(
        RegistryRequests.watch(request),
        (ServerCallStreamObserver<WatchRegistryResponse>) observer);
  }

  @Override
  public void getLineage(GetLineageRequest request, StreamObserver<GetLineageResponse> observer) {
    answer(observer, lineage.getLineage(request));
  }

  @Override
  public void listActivities(
      ListActivitiesRequest request, StreamObserver<ListActivitiesResponse> observer) {
    var in = RegistryRequests.activities(request);
    Page<RegistryEvent> page = events.list(in.filter(), in.page());
    answer(
        observer,
        ListActivitiesResponse.newBuilder()
            .addAllEvents(page.items().stream().map(RegistryProtos::event).toList())
            .setNextPageToken(page.nextPageToken())
            .build());
  }

  @Override
  public void reportCheck(ReportCheckRequest request, StreamObserver<CheckResult> observer) {
    answer(observer, checks.reportCheck(request));
  }

  @Override
  public void listCheckResults(
      ListCheckResultsRequest request, StreamObserver<ListCheckResultsResponse> observer) {
    answer(observer, checks.listCheckResults(request));
  }

  @Override
  public void compareModelVersions(
      CompareModelVersionsRequest request, StreamObserver<CompareModelVersionsResponse> observer) {
    answer(observer, checks.compareModelVersions(request));
  }

  @Override
  public void createWebhook(CreateWebhookRequest request, StreamObserver<Webhook> observer) {
    answer(observer, webhooks.create(request, CallerInterceptor.current()));
  }

  @Override
  public void getWebhook(GetWebhookRequest request, StreamObserver<Webhook> observer) {
    answer(observer, webhooks.get(request));
  }

  @Override
  public void listWebhooks(
      ListWebhooksRequest request, StreamObserver<ListWebhooksResponse> observer) {
    answer(observer, webhooks.list(request));
  }

  @Override
  public void updateWebhook(UpdateWebhookRequest request, StreamObserver<Webhook> observer) {
    answer(observer, webhooks.update(request, CallerInterceptor.current()));
  }

  @Override
  public void deleteWebhook(
      DeleteWebhookRequest request, StreamObserver<DeleteWebhookResponse> observer) {
    answer(observer, webhooks.delete(request, CallerInterceptor.current()));
  }

  @Override
  public void testWebhook(TestWebhookRequest request, StreamObserver<WebhookDelivery> observer) {
    answer(observer, webhooks.test(request, CallerInterceptor.current()));
  }

  @Override
  public void listWebhookDeliveries(
      ListWebhookDeliveriesRequest request,
      StreamObserver<ListWebhookDeliveriesResponse> observer) {
    answer(observer, webhooks.listDeliveries(request));
  }

  @Override
  public void redeliverWebhook(
      RedeliverWebhookRequest request, StreamObserver<WebhookDelivery> observer) {
    answer(observer, webhooks.redeliver(request, CallerInterceptor.current()));
  }

  private static <T extends Message> void answer(StreamObserver<T> observer, T message) {
    observer.onNext(message);
    observer.onCompleted();
  }
}
