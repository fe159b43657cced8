package dev.slipway.serving.rpc;

import static dev.slipway.serving.rpc.Replies.complete;
import static dev.slipway.serving.rpc.Replies.reply;

import dev.slipway.inference.GRPCInferenceServiceGrpc.GRPCInferenceServiceImplBase;
import dev.slipway.inference.InferParameter;
import dev.slipway.inference.ModelConfigRequest;
import dev.slipway.inference.ModelConfigResponse;
import dev.slipway.inference.ModelInferRequest;
import dev.slipway.inference.ModelInferResponse;
import dev.slipway.inference.ModelMetadataRequest;
import dev.slipway.inference.ModelMetadataResponse;
import dev.slipway.inference.ModelReadyRequest;
import dev.slipway.inference.ModelReadyResponse;
import dev.slipway.inference.ModelStatisticsRequest;
import dev.slipway.inference.ModelStatisticsResponse;
import dev.slipway.inference.ModelStreamInferResponse;
import dev.slipway.inference.RepositoryIndexRequest;
import dev.slipway.inference.RepositoryIndexResponse;
import dev.slipway.inference.RepositoryModelLoadRequest;
import dev.slipway.inference.RepositoryModelLoadResponse;
import dev.slipway.inference.RepositoryModelUnloadRequest;
import dev.slipway.inference.RepositoryModelUnloadResponse;
import dev.slipway.inference.ServerLiveRequest;
import dev.slipway.inference.ServerLiveResponse;
import dev.slipway.inference.ServerMetadataRequest;
import dev.slipway.inference.ServerMetadataResponse;
import dev.slipway.inference.ServerReadyRequest;
import dev.slipway.inference.ServerReadyResponse;
import dev.slipway.serving.catalog.Catalog;
import dev.slipway.serving.catalog.CatalogModel;
import dev.slipway.serving.catalog.CatalogVersion;
import dev.slipway.serving.catalog.Selector;
import dev.slipway.serving.catalog.StageEmptyException;
import dev.slipway.serving.inference.InferenceResult;
import dev.slipway.serving.inference.InferenceService;
import dev.slipway.serving.model.LoadedModel;
import dev.slipway.serving.model.ModelPool;
import dev.slipway.serving.model.ModelState;
import dev.slipway.serving.model.ModelStatus;
import dev.slipway.serving.model.Need;
import dev.slipway.serving.model.SettingsInForce;
import dev.slipway.serving.model.StageRouter;
import dev.slipway.serving.model.StageRouter.Target;
import dev.slipway.serving.upstream.CatalogCatchUp;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** Adapts the Open Inference Protocol, with Triton's extensions, to the inference path. */
public final class InferenceGrpcService extends GRPCInferenceServiceImplBase {
  private static final int MAX_IN_FLIGHT_PER_STREAM = 64;

  private final Catalog catalog;
  private final CatalogCatchUp catchUp;
  private final StageRouter router;
  private final ModelPool pool;
  private final InferenceService inference;
  private final SettingsInForce settings;
  private final String serverVersion;
  private final OpenStreams streams;
  private final ModelViews views;

  /**
   * Creates the adapter.
   *
   * @param catchUp finds what the registry has and was not heard of yet
   * @param settings how models are run, as ModelConfig publishes it
   * @param serverVersion version of the server, as ServerMetadata publishes it
   * @param streams knows the open streams
   */
  public InferenceGrpcService(
      Catalog catalog,
      CatalogCatchUp catchUp,
      StageRouter router,
      ModelPool pool,
      InferenceService inference,
      SettingsInForce settings,
      String serverVersion,
      OpenStreams streams) {
    this.catalog = catalog;
    this.catchUp = catchUp;
    this.router = router;
    this.pool = pool;
    this.inference = inference;
    this.settings = settings;
    this.serverVersion = serverVersion;
    this.streams = streams;
    this.views = new ModelViews(catalog, pool);
  }

  @Override
  public void serverLive(ServerLiveRequest request, StreamObserver<ServerLiveResponse> out) {
    reply(out, ServerLiveResponse.newBuilder().setLive(true).build());
  }

  @Override
  public void serverReady(ServerReadyRequest request, StreamObserver<ServerReadyResponse> out) {
    reply(out, ServerReadyResponse.newBuilder().setReady(router.answersEverywhere()).build());
  }

  @Override
  public void serverMetadata(
      ServerMetadataRequest request, StreamObserver<ServerMetadataResponse> out) {
    reply(
        out,
        ServerMetadataResponse.newBuilder()
            .setName("slipway")
            .setVersion(serverVersion)
            .addExtensions("model_repository")
            .addExtensions("model_configuration")
            .addExtensions("parameters")
            .addExtensions("statistics")
            .build());
  }

  @Override
  public void modelReady(ModelReadyRequest request, StreamObserver<ModelReadyResponse> out) {
    Selector selector = OpenInferenceRequests.version(request.getName(), request.getVersion());
    boolean ready;
    try {
      ready = pool.isReady(router.resolve(request.getName(), selector).version());
    } catch (StageEmptyException e) {
      ready = false;
    }
    reply(out, ModelReadyResponse.newBuilder().setReady(ready).build());
  }

  @Override
  public void modelMetadata(
      ModelMetadataRequest request, StreamObserver<ModelMetadataResponse> out) {
    Selector selector = OpenInferenceRequests.version(request.getName(), request.getVersion());
    describe(
        request.getName(),
        selector,
        model ->
            OpenInferenceProtos.metadata(
                model, views.servedVersions(request.getName(), model.version().key().version())),
        out);
  }

  @Override
  public void modelConfig(ModelConfigRequest request, StreamObserver<ModelConfigResponse> out) {
    Selector selector = OpenInferenceRequests.version(request.getName(), request.getVersion());
    describe(
        request.getName(),
        selector,
        model ->
            ModelConfigResponse.newBuilder()
                .setConfig(
                    OpenInferenceProtos.config(
                        model,
                        settings.limits(model.version().key().model()),
                        inference.caches(model)))
                .build(),
        out);
  }

  private <T> void describe(
      String name, Selector selector, Function<LoadedModel, T> description, StreamObserver<T> out) {
    CallContext call = CallContext.current();
    complete(
        inference.acquire(name, selector, call.deadlineNanos(), call.gone()),
        out,
        hold -> {
          try (hold) {
            return description.apply(hold.handle().model());
          }
        });
  }

  @Override
  public void modelInfer(ModelInferRequest request, StreamObserver<ModelInferResponse> out) {
    // A reply to a call that was cancelled is dropped instead of thrown back.
    ((ServerCallStreamObserver<ModelInferResponse>) out).setOnCancelHandler(() -> {});
    inference.predict(
        OpenInferenceRequests.infer(request, CallContext.current()),
        new InferenceService.Receiver() {
          @Override
          public void answered(InferenceResult result) {
            reply(out, OpenInferenceProtos.answer(request, result));
          }

          @Override
          public void failed(RuntimeException failure) {
            out.onError(Failures.toStatus(failure));
          }
        });
  }

  @Override
  public StreamObserver<ModelInferRequest> modelStreamInfer(
      StreamObserver<ModelStreamInferResponse> out) {
    OrderedReplies<ModelStreamInferResponse> replies =
        new OrderedReplies<>(
            (ServerCallStreamObserver<ModelStreamInferResponse>) out,
            MAX_IN_FLIGHT_PER_STREAM,
            streams);
    streams.opened(replies);
    replies.readOn();
    return new InferenceStreamObserver(inference, replies, TritonErrorHeader.isOn());
  }

  static ModelInferResponse markFinal(ModelInferRequest request, ModelInferResponse response) {
    return OpenInferenceRequests.wantsFinalResponse(request)
        ? response.toBuilder()
            .putParameters(
                "triton_final_response", InferParameter.newBuilder().setBoolParam(true).build())
            .build()
        : response;
  }

  static String describe(StatusRuntimeException status) {
    Status known = status.getStatus();
    return "["
        + known.getCode()
        + "] "
        + (known.getDescription() == null ? "" : known.getDescription());
  }

  @Override
  public void modelStatistics(
      ModelStatisticsRequest request, StreamObserver<ModelStatisticsResponse> out) {
    ModelStatisticsResponse.Builder response = ModelStatisticsResponse.newBuilder();
    Collection<ModelStatus> statuses = pool.statuses();
    if (!request.getName().isEmpty()) {
      CatalogModel known = catalog.get(request.getName());
      Optional<Target> target =
          request.getVersion().isEmpty()
              ? Optional.empty()
              : Optional.of(
                  router.resolve(
                      request.getName(),
                      OpenInferenceRequests.version(request.getName(), request.getVersion())));
      statuses =
          statuses.stream()
              .filter(status -> status.key().model().equals(known.name()))
              .filter(
                  status -> target.isEmpty() || status.key().equals(target.get().version().key()))
              .toList();
    }
    for (ModelStatus status : statuses) {
      if (status.state() == ModelState.READY) {
        status
            .loaded()
            .ifPresent(model -> response.addModelStats(OpenInferenceProtos.statistics(model)));
      }
    }
    reply(out, response.build());
  }

  @Override
  public void repositoryIndex(
      RepositoryIndexRequest request, StreamObserver<RepositoryIndexResponse> out) {
    RepositoryIndexResponse.Builder response = RepositoryIndexResponse.newBuilder();
    Map<String, List<ModelStatus>> touched = views.touched();
    for (String name : catalog.names()) {
      Optional<CatalogModel> model = catalog.find(name);
      if (model.isEmpty()) {
        continue;
      }
      Collection<ModelStatus> versions =
          views.versions(model.get(), touched.getOrDefault(name, List.of()));
      versions.stream()
          .filter(status -> !request.getReady() || status.state() == ModelState.READY)
          .forEach(status -> response.addModels(OpenInferenceProtos.index(status)));
      if (versions.isEmpty() && !request.getReady()) {
        response.addModels(OpenInferenceProtos.neverLoaded(name));
      }
    }
    reply(out, response.build());
  }

  @Override
  public void repositoryModelLoad(
      RepositoryModelLoadRequest request, StreamObserver<RepositoryModelLoadResponse> out) {
    String name =
        OpenInferenceRequests.repositoryModel(request.getRepositoryName(), request.getModelName());
    Selector selector =
        OpenInferenceRequests.repositoryVersion(request.getParametersMap(), Set.of())
            .orElse(Selector.PRODUCTION);
    complete(
        catchUp
            .find(name, selector, () -> catalog.get(name).get(selector))
            .thenCompose(version -> pool.load(version, Need.REQUESTS, ModelPool.Retry.RELOAD)),
        out,
        loaded ->
            RepositoryModelLoadResponse.newBuilder().setModelName(name).setIsLoaded(true).build());
  }

  @Override
  public void repositoryModelUnload(
      RepositoryModelUnloadRequest request, StreamObserver<RepositoryModelUnloadResponse> out) {
    String name =
        OpenInferenceRequests.repositoryModel(request.getRepositoryName(), request.getModelName());
    Optional<Selector> selector =
        OpenInferenceRequests.repositoryVersion(
            request.getParametersMap(), Set.of("unload_dependents"));
    CatalogModel model = catalog.get(name);
    List<CatalogVersion> versions =
        selector.isPresent()
            ? List.of(router.resolve(name, selector.get()).version())
            : new ArrayList<>(model.versions());
    versions.forEach(version -> pool.unload(version.key()));
    reply(
        out,
        RepositoryModelUnloadResponse.newBuilder().setModelName(name).setIsUnloaded(true).build());
  }
}
