package dev.slipway.serving;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricFilter;
import com.codahale.metrics.MetricRegistry;
import dev.slipway.engine.predictor.PredictorProvider;
import dev.slipway.engine.predictor.python.PythonPredictorProvider;
import dev.slipway.engine.tensor.TensorBuffers;
import dev.slipway.inference.GRPCInferenceServiceGrpc;
import dev.slipway.runtime.server.ServiceModule;
import dev.slipway.serving.cache.PredictionCache;
import dev.slipway.serving.cache.SharedAnswers;
import dev.slipway.serving.catalog.Catalog;
import dev.slipway.serving.execution.EngineThreads;
import dev.slipway.serving.inference.Computations;
import dev.slipway.serving.inference.InferenceService;
import dev.slipway.serving.inference.Profiler;
import dev.slipway.serving.model.LoadTurns;
import dev.slipway.serving.model.LoadedModel;
import dev.slipway.serving.model.MemoryBudget;
import dev.slipway.serving.model.ModelLoader;
import dev.slipway.serving.model.ModelPool;
import dev.slipway.serving.model.ModelState;
import dev.slipway.serving.model.PipelineLoader;
import dev.slipway.serving.model.PythonRefused;
import dev.slipway.serving.model.RulesInForce;
import dev.slipway.serving.model.SettingsInForce;
import dev.slipway.serving.model.StageRouter;
import dev.slipway.serving.model.VersionValidator;
import dev.slipway.serving.redis.RedisAnswers;
import dev.slipway.serving.remote.RemotePredictorProvider;
import dev.slipway.serving.rpc.InferenceGrpcService;
import dev.slipway.serving.rpc.OpenStreams;
import dev.slipway.serving.rpc.RouteKeyHeader;
import dev.slipway.serving.rpc.ServingGrpcService;
import dev.slipway.serving.rpc.TrafficRules;
import dev.slipway.serving.rpc.TritonErrorHeader;
import dev.slipway.serving.traffic.TrafficControl;
import dev.slipway.serving.traffic.TrafficMeters;
import dev.slipway.serving.upstream.CatalogCatchUp;
import dev.slipway.serving.upstream.CatalogFile;
import dev.slipway.serving.upstream.PackageCache;
import dev.slipway.serving.upstream.RegistryFollower;
import dev.slipway.serving.upstream.RunMetrics;
import dev.slipway.serving.upstream.SettingsStore;
import dev.slipway.serving.upstream.SignatureLookup;
import dev.slipway.serving.upstream.TrafficRuleStore;
import dev.slipway.serving.upstream.WithdrawalFile;
import dev.slipway.serving.v1.ServingServiceGrpc;
import io.grpc.BindableService;
import io.grpc.Channel;
import io.grpc.ServerInterceptors;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Wires the serving service. */
public final class ServingModule implements ServiceModule {
  private static final Logger log = LoggerFactory.getLogger(ServingModule.class);

  private static final long CONNECT_MILLIS = 1_000;

  private static final long SWEEP_MILLIS = 5_000;

  /** Versions beside each other, two calls each, that hang before the others feel it. */
  private static final int LEAST_ENGINE_THREADS = 8;

  private static final long SAVE_MILLIS = 1_000;

  /** How late a traffic rule that ended by itself may be noticed. */
  private static final long TRAFFIC_MILLIS = 500;

  /** Copies for shadows run one at a time per rule; short ones on these threads themselves. */
  private static final int SHADOW_THREADS = 2;

  /** How long a load has to itself, so that its memory can be told from that of others. */
  private static final Duration LOAD_PATIENCE = Duration.ofSeconds(3);

  /** How long the registry has after the start before what was last known of it is served. */
  private static final long REGISTRY_PATIENCE_MILLIS = 1_000;

  /** How late a request that waits for a load may learn that its deadline passed. */
  private static final long DROP_MILLIS = 100;

  private final ExecutorService fetches;
  private final LoadTurns turns;
  private final ExecutorService predictions;
  private final ExecutorService continuations;
  private final ExecutorService shadows;
  private final ScheduledExecutorService batchTimer;
  private final ScheduledExecutorService timer;
  private final PackageCache packages;
  private final ModelPool pool;
  private final Catalog catalog;
  private final StageRouter router;
  private final CatalogFile catalogFile;
  private final WithdrawalFile withdrawalFile;
  private final RegistryFollower follower;
  private final PredictionCache cache;
  private final InferenceService inference;
  private final List<BindableService> services;
  private final OpenStreams streams = new OpenStreams();
  private final Profiler profiler;
  private final Optional<PythonPredictorProvider> python;
  private final Optional<RedisAnswers> redis;
  private final TrafficControl traffic;
  private final MetricRegistry metrics;

  private ServingModule(
      ServingConfig config,
      Channel registry,
      Channel artifact,
      Channel tracking,
      MetricRegistry metrics,
      Clock clock) {
    this.metrics = metrics;
    this.fetches =
        Executors.newFixedThreadPool(config.loads().parallelFetches(), threads("package-fetch"));
    int engineThreads = Math.max(LEAST_ENGINE_THREADS, 2 * config.limits().maxRunning());
    this.predictions = Executors.newFixedThreadPool(engineThreads, threads("prediction"));
    // Apart from the engines' threads, which busy versions never give back.
    this.continuations =
        Executors.newFixedThreadPool(
            Math.max(2, Runtime.getRuntime().availableProcessors()), threads("continuation"));
    this.shadows = Executors.newFixedThreadPool(SHADOW_THREADS, threads("shadow"));
    this.batchTimer = Executors.newSingleThreadScheduledExecutor(threads("batch-timer"));
    this.timer = Executors.newSingleThreadScheduledExecutor(threads("serving-timer"));
    this.catalog = new Catalog();
    this.packages = new PackageCache(config.cacheFolder(), artifact, timer);
    this.turns = new LoadTurns(LOAD_PATIENCE, config.loads().timeout(), timer);
    MemoryBudget budget = new MemoryBudget(config.loads().memoryBytes());
    SettingsInForce settings =
        new SettingsInForce(catalog, config.limits(), config.keep().rollback());
    this.cache = new PredictionCache(config.cacheBytes());
    this.redis = config.redis().map(server -> new RedisAnswers(server, continuations, clock));
    SharedAnswers shared = redis.<SharedAnswers>map(answers -> answers).orElse(SharedAnswers.NONE);
    Computations computations = new Computations(settings, cache, shared, clock);
    this.python = config.python().map(PythonPredictorProvider::new);
    EngineThreads engines = new EngineThreads(predictions, engineThreads);
    ModelLoader loader =
        new ModelLoader(
            packages,
            List.of(
                python.<PredictorProvider>map(engine -> engine).orElseGet(PythonRefused::new),
                new RemotePredictorProvider(config.remote())),
            fetches,
            turns,
            budget,
            settings::limits,
            new TensorBuffers(config.idleBufferBytes()),
            engines,
            // Half of the threads that gRPC reads connections on: the others go on whatever hangs.
            new Semaphore(Runtime.getRuntime().availableProcessors()),
            batchTimer,
            new PipelineLoader(catalog, computations, continuations),
            clock);
    this.pool = new ModelPool(loader, budget, config.keep(), clock);
    RulesInForce rules = new RulesInForce(catalog, clock);
    this.router = new StageRouter(catalog, pool, rules, config::follows, timer);
    catalog.onChange(router::catalogChanged);
    pool.onLoaded(router::versionLoaded);
    pool.rollbackRetention(settings::rollbackRetention);
    this.catalogFile = new CatalogFile(config.cacheFolder(), catalog);
    this.withdrawalFile = new WithdrawalFile(config.cacheFolder(), rules);
    this.follower = new RegistryFollower(registry, catalog, timer, clock);
    this.profiler = new Profiler(timer);
    TrafficMeters meters = new TrafficMeters(System::nanoTime);
    TrafficRuleStore ruleStore = new TrafficRuleStore(registry, clock);
    this.traffic =
        new TrafficControl(
            catalog, rules, router, meters, ruleStore, new RunMetrics(tracking), clock);
    CatalogCatchUp catchUp =
        new CatalogCatchUp(registry, catalog, follower::isConnected, continuations);
    this.inference =
        new InferenceService(
            router,
            pool,
            catchUp,
            settings,
            computations,
            continuations,
            meters,
            new InferenceService.Background(engines::isContended, shadows, timer));
    VersionValidator validator = new VersionValidator(pool, loader);
    TrafficRules trafficRules =
        new TrafficRules(catalog, rules, ruleStore, meters, validator, clock);
    BindableService openInference =
        new InferenceGrpcService(
            catalog, catchUp, router, pool, inference, settings, version(), streams);
    BindableService serving =
        new ServingGrpcService(
            catalog,
            catchUp,
            router,
            pool,
            inference,
            new SignatureLookup(registry),
            follower::isConnected,
            budget,
            settings,
            new SettingsStore(registry),
            cache,
            profiler,
            validator,
            trafficRules,
            streams);
    this.services =
        List.of(
            () -> ServerInterceptors.intercept(serving, new RouteKeyHeader()),
            () ->
                ServerInterceptors.intercept(
                    openInference, new RouteKeyHeader(), new TritonErrorHeader()));
    metrics.gauge(
        "serving.models.ready",
        () ->
            (Gauge<Long>)
                () ->
                    pool.statuses().stream()
                        .filter(model -> model.state() == ModelState.READY)
                        .count());
    metrics.gauge("serving.cache.bytes", () -> (Gauge<Long>) cache::bytes);
    redis.ifPresent(answers -> addGauges(answers, metrics));
    metrics.gauge("serving.registry.revision", () -> (Gauge<Long>) catalog::revision);
    metrics.gauge(
        "serving.registry.age-seconds",
        () -> (Gauge<Long>) () -> secondsSince(catalog.heardTime(), clock));
    metrics.gauge("serving.memory.used-bytes", () -> (Gauge<Long>) budget::usedBytes);
    metrics.gauge("serving.memory.budget-bytes", () -> (Gauge<Long>) budget::limitBytes);
    metrics.gauge("serving.traffic.aborts", () -> (Gauge<Long>) traffic::aborts);
    metrics.gauge("serving.loads.hanging", () -> (Gauge<Integer>) turns::hanging);
    metrics.gauge(
        "serving.requests.awaiting-load", () -> (Gauge<Integer>) inference::waitingForLoads);
  }

  /**
   * Opens the service. It follows the registry from {@link #start} on.
   *
   * @param registry leads to the registry; stays the caller's
   * @param artifact leads to the artifact service; stays the caller's
   * @param tracking leads to the tracking service; stays the caller's
   */
  public static ServingModule open(
      ServingConfig config,
      Channel registry,
      Channel artifact,
      Channel tracking,
      MetricRegistry metrics,
      Clock clock) {
    return new ServingModule(config, registry, artifact, tracking, metrics, clock);
  }

  private static void addGauges(RedisAnswers answers, MetricRegistry metrics) {
    metrics.gauge(
        "serving.cache.shared.connected",
        () -> (Gauge<Integer>) () -> answers.isConnected() ? 1 : 0);
    metrics.gauge("serving.cache.shared.hits", () -> (Gauge<Long>) answers::hits);
    metrics.gauge("serving.cache.shared.misses", () -> (Gauge<Long>) answers::misses);
    metrics.gauge("serving.cache.shared.failures", () -> (Gauge<Long>) answers::failures);
    metrics.gauge("serving.cache.shared.skipped", () -> (Gauge<Long>) answers::skipped);
  }

  /** Returns -1 for never. */
  private static long secondsSince(Optional<Instant> time, Clock clock) {
    return time.map(known -> Math.max(0, Duration.between(known, clock.instant()).toSeconds()))
        .orElse(-1L);
  }

  private static String version() {
    String version = ServingModule.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }

  private static ThreadFactory threads(String name) {
    AtomicInteger count = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, name + "-" + count.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    };
  }

  @Override
  public String name() {
    return "serving";
  }

  @Override
  public List<BindableService> services() {
    return services;
  }

  @Override
  public Set<String> nonBlockingMethods() {
    return Set.of(
        GRPCInferenceServiceGrpc.getModelInferMethod().getFullMethodName(),
        GRPCInferenceServiceGrpc.getModelStreamInferMethod().getFullMethodName(),
        ServingServiceGrpc.getPredictMethod().getFullMethodName(),
        ServingServiceGrpc.getPredictStreamMethod().getFullMethodName());
  }

  @Override
  public void start() {
    withdrawalFile.restore();
    follower.start();
    Future<?> unused =
        timer.schedule(catalogFile::restore, REGISTRY_PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
    redis.ifPresent(
        answers -> {
          answers.keepConnected();
          every(CONNECT_MILLIS, answers::keepConnected);
        });
    every(SAVE_MILLIS, catalogFile::save);
    every(SAVE_MILLIS, withdrawalFile::save);
    every(SWEEP_MILLIS, this::sweep);
    every(TRAFFIC_MILLIS, traffic::look);
    every(DROP_MILLIS, inference::dropDeadWaiters);
  }

  private void every(long millis, Runnable task) {
    Future<?> unused =
        timer.scheduleWithFixedDelay(
            () -> {
              try {
                task.run();
              } catch (RuntimeException e) {
                // A throw would end the repetition.
                log.error("housekeeping failed", e);
              }
            },
            millis,
            millis,
            TimeUnit.MILLISECONDS);
  }

  /**
   * Lets go of versions that were kept long enough, and of packages that no version needs; done
   * every few seconds anyway.
   */
  public void sweep() {
    pool.sweep();
    Set<String> loaded =
        pool.statuses().stream()
            .flatMap(status -> status.loaded().stream())
            .map(LoadedModel::answersDigest)
            .collect(Collectors.toSet());
    cache.retain(model -> catalog.find(model).isPresent(), loaded::contains);
    if (catalog.isKnown()) {
      // Most are known; only for the others is it worth looking at what is true right now.
      Set<String> known = catalog.packageDigests();
      packages.retain(
          digest ->
              known.contains(digest)
                  || pool.usesPackage(digest)
                  || catalog.packageDigests().contains(digest));
    }
  }

  /**
   * Returns whether the registry was heard, by this server or the one before it, and the first
   * loads have ended; a registry lost later changes nothing.
   */
  @Override
  public boolean ready() {
    return catalog.isKnown() && router.isSettled();
  }

  @Override
  public void drain() {
    follower.close();
    streams.drain();
    profiler.drain();
  }

  @Override
  public void close() {
    follower.close();
    fetches.shutdownNow();
    turns.close();
    batchTimer.shutdownNow();
    shadows.shutdownNow();
    redis.ifPresent(RedisAnswers::close);
    continuations.shutdown();
    predictions.shutdown();
    try {
      continuations.awaitTermination(1, TimeUnit.SECONDS);
      predictions.awaitTermination(5, TimeUnit.SECONDS);
      fetches.awaitTermination(5, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    // Last: downloads that end need it.
    timer.shutdownNow();
    catalogFile.save();
    withdrawalFile.save();
    pool.close();
    python.ifPresent(PythonPredictorProvider::close);
    packages.close();
    metrics.remove("serving.models.ready");
    metrics.remove("serving.cache.bytes");
    metrics.removeMatching(MetricFilter.startsWith("serving.cache.shared."));
    metrics.remove("serving.registry.revision");
    metrics.remove("serving.registry.age-seconds");
    metrics.remove("serving.memory.used-bytes");
    metrics.remove("serving.memory.budget-bytes");
    metrics.remove("serving.traffic.aborts");
    metrics.remove("serving.loads.hanging");
    metrics.remove("serving.requests.awaiting-load");
  }
}
