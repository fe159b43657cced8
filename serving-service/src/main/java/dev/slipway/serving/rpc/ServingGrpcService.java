package dev.slipway.serving.rpc;

import static dev.slipway.serving.rpc.Replies.complete;
import static dev.slipway.serving.rpc.Replies.reply;

import dev.slipway.engine.predictor.Predictor;
import dev.slipway.runtime.error.Violations;
import dev.slipway.runtime.paging.PageRequest;
import dev.slipway.runtime.paging.PageToken;
import dev.slipway.serving.cache.PredictionCache;
import dev.slipway.serving.catalog.Catalog;
import dev.slipway.serving.catalog.CatalogModel;
import dev.slipway.serving.catalog.CatalogVersion;
import dev.slipway.serving.catalog.Selector;
import dev.slipway.serving.catalog.ServingSetting;
import dev.slipway.serving.catalog.Stage;
import dev.slipway.serving.catalog.VersionKey;
import dev.slipway.serving.execution.ExpiredException;
import dev.slipway.serving.inference.InferenceResult;
import dev.slipway.serving.inference.InferenceService;
import dev.slipway.serving.inference.Profiler;
import dev.slipway.serving.model.LoadedModel;
import dev.slipway.serving.model.MemoryBudget;
import dev.slipway.serving.model.ModelPool;
import dev.slipway.serving.model.ModelState;
import dev.slipway.serving.model.ModelStatus;
import dev.slipway.serving.model.NamePattern;
import dev.slipway.serving.model.Need;
import dev.slipway.serving.model.SettingsInForce;
import dev.slipway.serving.model.StageRouter;
import dev.slipway.serving.model.VersionValidator;
import dev.slipway.serving.upstream.CatalogCatchUp;
import dev.slipway.serving.upstream.SettingsStore;
import dev.slipway.serving.upstream.SignatureLookup;
import dev.slipway.serving.v1.DeleteTrafficRuleRequest;
import dev.slipway.serving.v1.DeleteTrafficRuleResponse;
import dev.slipway.serving.v1.DescribeModelRequest;
import dev.slipway.serving.v1.DescribeModelResponse;
import dev.slipway.serving.v1.GetTrafficRuleRequest;
import dev.slipway.serving.v1.GetTrafficRuleResponse;
import dev.slipway.serving.v1.ListModelsRequest;
import dev.slipway.serving.v1.ListModelsResponse;
import dev.slipway.serving.v1.ListTrafficRulesRequest;
import dev.slipway.serving.v1.ListTrafficRulesResponse;
import dev.slipway.serving.v1.LoadRequest;
import dev.slipway.serving.v1.LoadResponse;
import dev.slipway.serving.v1.PredictRequest;
import dev.slipway.serving.v1.PredictResponse;
import dev.slipway.serving.v1.PredictStreamRequest;
import dev.slipway.serving.v1.PredictStreamResponse;
import dev.slipway.serving.v1.ProfileRequest;
import dev.slipway.serving.v1.ProfileResponse;
import dev.slipway.serving.v1.ServedModel;
import dev.slipway.serving.v1.ServedVersion;
import dev.slipway.serving.v1.ServingServiceGrpc.ServingServiceImplBase;
import dev.slipway.serving.v1.ServingSettings;
import dev.slipway.serving.v1.SetTrafficRuleRequest;
import dev.slipway.serving.v1.TrafficRule;
import dev.slipway.serving.v1.UnloadRequest;
import dev.slipway.serving.v1.UnloadResponse;
import dev.slipway.serving.v1.UpdateServingSettingsRequest;
import dev.slipway.serving.v1.ValidateVersionRequest;
import dev.slipway.serving.v1.ValidateVersionResponse;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;

/** Adapts {@code slipway.serving.v1} to the inference path. */
public final class ServingGrpcService extends ServingServiceImplBase {
  private static final int DEFAULT_PAGE = 100;
  private static final int MAX_PAGE = 1_000;
  private static final int MAX_IN_FLIGHT_PER_STREAM = 1_024;

  private final Catalog catalog;
  private final CatalogCatchUp catchUp;
  private final StageRouter router;
  private final ModelPool pool;
  private final InferenceService inference;
  private final SignatureLookup signatures;
  private final BooleanSupplier registryConnected;
  private final MemoryBudget budget;
  private final SettingsInForce settings;
  private final SettingsStore settingsStore;
  private final PredictionCache cache;
  private final Profiler profiler;
  private final VersionValidator validator;
  private final TrafficRules rules;
  private final OpenStreams streams;
  private final ModelViews views;

  /**
   * Creates the adapter.
   *
   * @param catchUp finds what the registry has and was not heard of yet
   * @param registryConnected tells whether the registry is being heard
   * @param budget the memory of all versions, as ListModels tells it
   * @param profiler takes profiles
   * @param validator checks versions
   * @param rules answers what is about traffic rules
   * @param streams knows the open streams
   */
  public ServingGrpcService(
      Catalog catalog,
      CatalogCatchUp catchUp,
      StageRouter router,
      ModelPool pool,
      InferenceService inference,
      SignatureLookup signatures,
      BooleanSupplier registryConnected,
      MemoryBudget budget,
      SettingsInForce settings,
      SettingsStore settingsStore,
      PredictionCache cache,
      Profiler profiler,
      VersionValidator validator,
      TrafficRules rules,
      OpenStreams streams) {
    this.catalog = catalog;
    this.catchUp = catchUp;
    this.router = router;
    this.pool = pool;
    this.inference = inference;
    this.signatures = signatures;
    this.registryConnected = registryConnected;
    this.budget = budget;
    this.settings = settings;
    this.settingsStore = settingsStore;
    this.cache = cache;
    this.profiler = profiler;
    this.validator = validator;
    this.rules = rules;
    this.streams = streams;
    this.views = new ModelViews(catalog, pool);
  }

  @Override
  public void predict(PredictRequest request, StreamObserver<PredictResponse> out) {
    // A reply to a call that was cancelled is dropped instead of thrown back.
    ((ServerCallStreamObserver<PredictResponse>) out).setOnCancelHandler(() -> {});
    long arrived = System.nanoTime();
    inference.predict(
        ServingRequests.predict(request, CallContext.current()),
        new InferenceService.Receiver() {
          @Override
          public void answered(InferenceResult result) {
            reply(out, ServingProtos.answer(request, result, arrived));
          }

          @Override
          public void failed(RuntimeException failure) {
            out.onError(Failures.toStatus(failure));
          }
        });
  }

  @Override
  public StreamObserver<PredictStreamRequest> predictStream(
      StreamObserver<PredictStreamResponse> out) {
    OrderedReplies<PredictStreamResponse> replies =
        new OrderedReplies<>(
            (ServerCallStreamObserver<PredictStreamResponse>) out,
            MAX_IN_FLIGHT_PER_STREAM,
            streams);
    // One message until the opening says how many may be in flight.
    replies.limitTo(1);
    streams.opened(replies);
    replies.readOn();
    return new PredictStreamObserver(inference, replies);
  }

  @Override
  public void load(LoadRequest request, StreamObserver<LoadResponse> out) {
    Selector selector = ServingRequests.version(request.getModel(), request.getSelector());
    Optional<Duration> keepIdle = ServingRequests.keepIdle(request);
    // What the registry says now, not what still answers for a stage.
    complete(
        catchUp
            .find(request.getModel(), selector, () -> catalog.get(request.getModel()).get(selector))
            .thenCompose(version -> load(version, request.getReload(), keepIdle)),
        out,
        response -> response);
  }

  private CompletableFuture<LoadResponse> load(
      CatalogVersion version, boolean reload, Optional<Duration> keepIdle) {
    boolean loadedBefore = !reload && pool.isReady(version);
    return pool.load(
            version, Need.REQUESTS, reload ? ModelPool.Retry.RELOAD : ModelPool.Retry.AT_ONCE)
        .thenApply(
            loaded -> {
              keepIdle.ifPresent(idle -> pool.keepIdle(version.key(), idle));
              return LoadResponse.newBuilder()
                  .setVersion(describe(pool.status(version.key())))
                  .setAlreadyLoaded(loadedBefore)
                  .build();
            });
  }

  @Override
  public void unload(UnloadRequest request, StreamObserver<UnloadResponse> out) {
    Selector selector = ServingRequests.version(request.getModel(), request.getSelector());
    VersionKey key = router.resolve(request.getModel(), selector).version().key();
    if (!request.getForce() && answersStage(key)) {
      throw VersionInUseException.byStage(key);
    }
    if (!request.getForce()
        && hasPart(key, List.of(StageRouter.Part.CANARY, StageRouter.Part.SHADOW))) {
      throw VersionInUseException.byRule(key);
    }
    if (!request.getForce() && pool.isHeld(key)) {
      throw VersionInUseException.byPipeline(key);
    }
    boolean wasLoaded = pool.unload(key);
    reply(
        out,
        UnloadResponse.newBuilder()
            .setVersion(describe(pool.status(key)))
            .setWasLoaded(wasLoaded)
            .build());
  }

  private boolean answersStage(VersionKey key) {
    return hasPart(key, List.of(StageRouter.Part.HOLDER));
  }

  private boolean hasPart(VersionKey key, List<StageRouter.Part> parts) {
    for (Stage stage : Stage.values()) {
      for (StageRouter.Part part : parts) {
        if (router
            .answering(key.model(), stage, part)
            .filter(version -> version.key().equals(key))
            .isPresent()) {
          return true;
        }
      }
    }
    return false;
  }

  private ServedVersion describe(ModelStatus status) {
    return catalog
        .find(status.key())
        .map(known -> ServingProtos.version(known, status, answersStage(status.key())))
        .orElseGet(() -> ServingProtos.version(status).build());
  }

  @Override
  public void listModels(ListModelsRequest request, StreamObserver<ListModelsResponse> out) {
    Violations violations = new Violations();
    String fingerprint = request.getNamePattern() + "|" + request.getStatesList();
    PageRequest page =
        PageRequest.of(
            request.getPageSize(),
            request.getPageToken(),
            DEFAULT_PAGE,
            MAX_PAGE,
            fingerprint,
            violations);
    violations.throwIfAny();
    NamePattern pattern =
        new NamePattern(request.getNamePattern().isEmpty() ? "*" : request.getNamePattern());
    String after = page.after(keys -> keys.get(0)).orElse("");
    Map<String, List<ModelStatus>> touched = views.touched();
    ListModelsResponse.Builder response =
        ListModelsResponse.newBuilder()
            .setRegistryRevision(catalog.revision())
            .setRegistryConnected(registryConnected.getAsBoolean())
            .setMemoryUsedBytes(budget.usedBytes());
    if (budget.limitBytes() != MemoryBudget.UNLIMITED) {
      response.setMemoryBudgetBytes(budget.limitBytes());
    }
    catalog
        .heardTime()
        .ifPresent(time -> response.setRegistryHeardTime(ServingProtos.timestamp(time)));
    for (String name : catalog.names()) {
      if (name.compareTo(after) <= 0 || !pattern.matches(name)) {
        continue;
      }
      Optional<ServedModel> model = describe(name, touched.getOrDefault(name, List.of()), request);
      if (model.isEmpty()) {
        continue;
      }
      if (response.getModelsCount() == page.size()) {
        String last = response.getModels(page.size() - 1).getName();
        response.setNextPageToken(PageToken.encode(fingerprint, List.of(last)));
        break;
      }
      response.addModels(model.get());
    }
    reply(out, response.build());
  }

  private Optional<ServedModel> describe(
      String name, List<ModelStatus> touched, ListModelsRequest request) {
    Optional<CatalogModel> known = catalog.find(name);
    if (known.isEmpty()) {
      return Optional.empty();
    }
    Collection<ModelStatus> statuses = views.versions(known.get(), touched);
    List<ServedVersion> versions = new ArrayList<>();
    for (ModelStatus status : statuses) {
      ServedVersion version = describe(status);
      if (request.getStatesCount() == 0 || request.getStatesList().contains(version.getState())) {
        versions.add(version);
      }
    }
    if (versions.isEmpty() && request.getStatesCount() > 0) {
      return Optional.empty();
    }
    return Optional.of(
        ServedModel.newBuilder()
            .setName(name)
            .addAllVersions(versions)
            .setFollowed(router.isFollowed(name))
            .build());
  }

  @Override
  public void describeModel(
      DescribeModelRequest request, StreamObserver<DescribeModelResponse> out) {
    Selector selector = ServingRequests.version(request.getModel(), request.getSelector());
    complete(
        catchUp
            .find(
                request.getModel(),
                selector,
                () -> router.resolve(request.getModel(), selector).version().key())
            .thenCompose(this::describe),
        out,
        response -> response);
  }

  private CompletableFuture<DescribeModelResponse> describe(VersionKey key) {
    ModelStatus status = pool.status(key);
    DescribeModelResponse.Builder response =
        DescribeModelResponse.newBuilder()
            .setVersion(describe(status))
            .setRegistryRevision(catalog.revision())
            .setRegistryConnected(registryConnected.getAsBoolean())
            .setSettings(SettingsProtos.inForce(key.model(), settings));
    catalog
        .heardTime()
        .ifPresent(time -> response.setRegistryHeardTime(ServingProtos.timestamp(time)));
    catalog
        .find(key)
        .ifPresent(
            known ->
                response
                    .setDescription(known.description())
                    .setSource(known.source())
                    .setCreateTime(ServingProtos.timestamp(known.createTime())));
    catalog
        .find(key)
        .flatMap(known -> rules.find(key.model(), known.stage()))
        .ifPresent(response::setTrafficRule);
    if (status.state() == ModelState.READY) {
      status.loaded().ifPresent(model -> add(model, response));
    }
    // A registry that does not answer costs the signature, not the rest.
    return signatures
        .find(key)
        .exceptionally(failure -> Optional.empty())
        .thenApply(
            found -> {
              found.ifPresent(response::setSignature);
              return response.build();
            });
  }

  @Override
  public void updateServingSettings(
      UpdateServingSettingsRequest request, StreamObserver<ServingSettings> out) {
    Map<ServingSetting, Optional<Object>> changes = SettingsProtos.changes(request);
    String model = catalog.get(request.getModel()).name();
    complete(settingsStore.change(model, changes), out, SettingsProtos::write);
  }

  @Override
  public void validateVersion(
      ValidateVersionRequest request, StreamObserver<ValidateVersionResponse> out) {
    // A reply to a call that was cancelled is dropped instead of thrown back.
    ((ServerCallStreamObserver<ValidateVersionResponse>) out).setOnCancelHandler(() -> {});
    Violations violations = new Violations();
    violations.required("model", request.getModel());
    Optional<Selector.Numbered> number =
        violations.parse("version", request.getVersion(), Selector.Numbered::new);
    Set<VersionValidator.Check> checks = ValidationProtos.checks(request, violations);
    Selector baseline = ServingRequests.selector("baseline", request.getBaseline(), violations);
    violations.throwIfAny();
    complete(
        catchUp
            .find(
                request.getModel(),
                number.orElseThrow(),
                () -> catalog.get(request.getModel()).get(number.get()))
            .thenCompose(
                version ->
                    validate(
                        version,
                        checks,
                        request.hasBaseline() ? Optional.of(baseline) : Optional.empty())),
        out,
        response -> response);
  }

  private CompletableFuture<ValidateVersionResponse> validate(
      CatalogVersion version, Set<VersionValidator.Check> checks, Optional<Selector> baseline) {
    String model = version.key().model();
    CompletableFuture<Optional<CatalogVersion>> compared =
        baseline.isPresent()
            ? catchUp.find(
                model, baseline.get(), () -> Optional.of(catalog.get(model).get(baseline.get())))
            : CompletableFuture.completedFuture(catalog.get(model).find(Stage.PRODUCTION));
    return compared
        .thenCompose(other -> validator.validate(version, checks, other))
        .thenApply(validation -> ValidationProtos.response(version, validation));
  }

  @Override
  public void profile(ProfileRequest request, StreamObserver<ProfileResponse> out) {
    Violations violations = new Violations();
    Selector selector =
        ServingRequests.version(request.getModel(), request.getSelector(), violations);
    Duration duration = ProfileProtos.duration(request, violations);
    long maxRequests = ProfileProtos.maxRequests(request, violations);
    violations.throwIfAny();
    VersionKey key = router.resolve(request.getModel(), selector).version().key();
    ModelStatus status = pool.status(key);
    LoadedModel model =
        status
            .loaded()
            .filter(loaded -> status.state() == ModelState.READY)
            .orElseThrow(() -> new VersionNotLoadedException(key));
    CompletableFuture<Profiler.Profile> profile =
        profiler.measure(model.statistics(), duration, maxRequests);
    ((ServerCallStreamObserver<ProfileResponse>) out)
        .setOnCancelHandler(
            () -> profile.completeExceptionally(ExpiredException.cancelled(key.toString())));
    complete(profile, out, measured -> ProfileProtos.response(key, measured));
  }

  @Override
  public void setTrafficRule(SetTrafficRuleRequest request, StreamObserver<TrafficRule> out) {
    rules.set(request, out);
  }

  @Override
  public void getTrafficRule(
      GetTrafficRuleRequest request, StreamObserver<GetTrafficRuleResponse> out) {
    rules.get(request, out);
  }

  @Override
  public void listTrafficRules(
      ListTrafficRulesRequest request, StreamObserver<ListTrafficRulesResponse> out) {
    rules.list(request, out);
  }

  @Override
  public void deleteTrafficRule(
      DeleteTrafficRuleRequest request, StreamObserver<DeleteTrafficRuleResponse> out) {
    rules.delete(request, out);
  }

  private void add(LoadedModel model, DescribeModelResponse.Builder response) {
    Predictor predictor = model.predictor();
    predictor.outputs().forEach(output -> response.addOutputs(ServingTensors.output(output)));
    response
        .addAllInputs(ServingTensors.inputs(predictor.inputChecks()))
        .setStatistics(
            ServingProtos.statistics(model.statistics(), cache.figures(model.answersDigest())))
        .setEngineLoadDuration(ServingProtos.duration(model.report().engineDuration()))
        .setPackageBytes(model.report().packageBytes());
    Dependencies.add(model, key -> describe(pool.status(key)), response);
    model.report().warmUp().forEach(warmUp -> response.addWarmUp(ValidationProtos.golden(warmUp)));
  }
}
