package dev.slipway.serving.model;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.engine.error.EngineException;
import dev.slipway.engine.error.EngineUnavailableException;
import dev.slipway.engine.packaging.GoldenCase;
import dev.slipway.engine.packaging.GoldenRequests;
import dev.slipway.engine.packaging.GoldenResult;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.predictor.GoldenCheck;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.engine.predictor.PredictorProvider;
import dev.slipway.engine.predictor.Predictors;
import dev.slipway.engine.tensor.TensorBuffers;
import dev.slipway.runtime.error.ServiceException;
import dev.slipway.serving.catalog.CatalogVersion;
import dev.slipway.serving.catalog.VersionKey;
import dev.slipway.serving.execution.BatchRunner;
import dev.slipway.serving.execution.EngineAwayException;
import dev.slipway.serving.execution.EngineThreads;
import dev.slipway.serving.execution.ExecutionQueue;
import dev.slipway.serving.execution.ModelStatistics;
import dev.slipway.serving.execution.PipelineQueue;
import dev.slipway.serving.execution.QueueLimits;
import dev.slipway.serving.execution.RequestQueue;
import dev.slipway.serving.execution.StepGraph;
import dev.slipway.serving.execution.WarmUpCalls;
import dev.slipway.serving.model.LoadedModel.LoadReport;
import dev.slipway.serving.model.LoadedModel.WarmUp;
import dev.slipway.serving.upstream.PackageCache;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a version from the registry into memory: fetches and verifies its package, opens it with
 * the engine of its flavor and runs its golden requests, which also warms the engine up.
 *
 * <p>What a version takes is measured: the growth of the process's resident memory outside the Java
 * heap while it is opened and warmed up ({@link ResidentMemory}) and of the processes that the
 * engine runs beside it, but at least the size of its files, which stands alone where the system
 * does not tell, or the engine keeps its model in the Java heap. The first load of an engine counts
 * its library too, and whatever else grows meanwhile is counted with it: rather too much than too
 * little. Loads are opened one after the other for that; when one takes longer than a few seconds,
 * others go ahead and each counts the growth of both. Thread-safe; nothing blocks the caller.
 */
public final class ModelLoader {
  private static final Logger log = LoggerFactory.getLogger(ModelLoader.class);

  /** Packages whose size in memory is remembered, so that room is made before they are opened. */
  private static final int REMEMBERED_SIZES = 1_000;

  private final PackageCache packages;
  private final List<PredictorProvider> engines;
  private final Executor fetches;
  private final LoadTurns turns;
  private final MemoryBudget budget;
  private final Function<String, QueueLimits> limits;
  private final TensorBuffers buffers;
  private final EngineThreads threads;
  private final Semaphore callersThreads;
  private final ScheduledExecutorService timer;
  private final PipelineLoader pipelines;
  private final Clock clock;

  @GuardedBy("sizes")
  private final Map<String, Long> sizes =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
          return size() > REMEMBERED_SIZES;
        }
      };

  /**
   * Creates a loader.
   *
   * @param engines those that need settings, beside those on the class path; stay the caller's
   * @param fetches runs the fetching, which blocks; its size bounds how many run at once; stays the
   *     caller's
   * @param turns opens packages; stays the caller's
   * @param limits bounds of the queues of a model's versions, by its name; asked at each request
   * @param buffers lends the memory in which batches are put together
   * @param threads runs what the callers' threads do not
   * @param callersThreads one permit for each of the callers' threads that engine calls may have at
   *     once
   * @param timer ends the waiting for company; stays the caller's
   * @param pipelines brings the steps of pipelines together
   */
  public ModelLoader(
      PackageCache packages,
      List<PredictorProvider> engines,
      Executor fetches,
      LoadTurns turns,
      MemoryBudget budget,
      Function<String, QueueLimits> limits,
      TensorBuffers buffers,
      EngineThreads threads,
      Semaphore callersThreads,
      ScheduledExecutorService timer,
      PipelineLoader pipelines,
      Clock clock) {
    this.packages = packages;
    this.engines = List.copyOf(engines);
    this.fetches = fetches;
    this.turns = turns;
    this.budget = budget;
    this.limits = limits;
    this.buffers = buffers;
    this.threads = threads;
    this.callersThreads = callersThreads;
    this.timer = timer;
    this.pipelines = pipelines;
    this.clock = clock;
  }

  /** Sets who holds the steps of pipelines. */
  void steps(PipelineLoader.StepSource source) {
    pipelines.source(source);
  }

  /**
   * Loads a version. The future fails with {@link ModelLoadFailedException} if another try would
   * fail the same way, {@link MemoryBudgetExceededException} if there is no room, and a {@link
   * ServiceException} of kind UNAVAILABLE if the package cannot be fetched at the moment. What is
   * loaded is the caller's, who lets it go.
   *
   * @param need decides what is unloaded to make room
   */
  CompletableFuture<LoadedModel> load(CatalogVersion version, Need need) {
    return load(version, need, true);
  }

  /**
   * Loads a version to look at it, as for a request, whatever its golden requests say: the report
   * tells. Fails as {@link #load} does.
   */
  CompletableFuture<LoadedModel> trial(CatalogVersion version) {
    return load(version, Need.REQUESTS, false);
  }

  /**
   * Runs the golden requests of a version that the caller holds at least until this returns. It is
   * held for as long as the engine runs, also when the future has failed because that takes too
   * long.
   */
  CompletableFuture<List<WarmUp>> runGolden(LoadedModel model) {
    ModelHandle hold = model.acquire().orElseThrow();
    AtomicBoolean begun = new AtomicBoolean();
    return turns
        .open(
            model.version().packageDigest(),
            () -> {
              begun.set(true);
              try (hold) {
                return warmUp(hold.model().predictor(), model.modelPackage().goldenRequests());
              }
            },
            late -> {})
        .exceptionallyCompose(
            failure -> {
              if (!begun.get()) {
                hold.close();
              }
              return CompletableFuture.failedFuture(translate(model.version().key(), failure));
            });
  }

  /** Fetches and reads a version's package. Fails as {@link #load} does. */
  CompletableFuture<ModelPackage> packageOf(CatalogVersion version) {
    return CompletableFuture.completedFuture(version)
        .thenApplyAsync(wanted -> ModelPackage.read(fetch(wanted)), fetches)
        .exceptionallyCompose(
            failure -> CompletableFuture.failedFuture(translate(version.key(), failure)));
  }

  private CompletableFuture<LoadedModel> load(CatalogVersion version, Need need, boolean mustPass) {
    long started = System.nanoTime();
    VersionKey key = version.key();
    return CompletableFuture.completedFuture(version)
        .thenApplyAsync(wanted -> ModelPackage.read(fetch(wanted)), fetches)
        .thenCompose(
            modelPackage ->
                pipelines
                    .load(version, modelPackage, need)
                    .thenCompose(
                        pipeline -> open(version, modelPackage, pipeline, need, mustPass, started)))
        .exceptionallyCompose(failure -> CompletableFuture.failedFuture(translate(key, failure)));
  }

  /** Opens a version when its turn comes; its steps are closed when it does not come to be. */
  private CompletableFuture<LoadedModel> open(
      CatalogVersion version,
      ModelPackage modelPackage,
      Optional<Pipeline> pipeline,
      Need need,
      boolean mustPass,
      long started) {
    AtomicBoolean begun = new AtomicBoolean();
    return turns
        .open(
            version.packageDigest(),
            () -> {
              begun.set(true);
              return openNow(version, modelPackage, pipeline, need, mustPass, started);
            },
            LoadedModel::letGo)
        .whenComplete(
            (model, failure) -> {
              if (failure != null && !begun.get()) {
                pipeline.ifPresent(Pipeline::close);
              }
            });
  }

  private static RuntimeException translate(VersionKey key, Throwable failure) {
    Throwable cause = failure;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (cause instanceof ServiceException known) {
      return known;
    }
    if (cause instanceof CancellationException || cause instanceof RejectedExecutionException) {
      return new ModelUnloadedException(key);
    }
    if (cause instanceof EngineUnavailableException away) {
      return new EngineAwayException(key.toString(), away.getMessage(), away);
    }
    if (cause instanceof EngineException
        || cause instanceof InvalidPipelineException
        || cause instanceof TimeoutException) {
      return new ModelLoadFailedException(key, cause.getMessage(), cause);
    }
    if (cause instanceof LinkageError) {
      return new ModelLoadFailedException(
          key, "the engine's native library does not load: " + cause, cause);
    }
    log.error("loading {} failed in an unforeseen way", key, cause);
    return new ModelLoadFailedException(key, cause.toString(), cause);
  }

  private Path fetch(CatalogVersion version) {
    VersionKey key = version.key();
    switch (version.readiness()) {
      case PENDING ->
          throw new ModelLoadFailedException(key, "the registry has not read its package yet");
      case FAILED ->
          throw new ModelLoadFailedException(key, "the registry could not read its package");
      case READY -> {}
    }
    if (version.packageDigest().isEmpty()) {
      throw new ModelLoadFailedException(
          key, "its files are not in the artifact service but at " + version.source());
    }
    try {
      return packages.get(version.packageDigest());
    } catch (ServiceException e) {
      throw switch (e.kind()) {
        case UNAVAILABLE -> e;
        default -> new ModelLoadFailedException(key, e.getMessage(), e);
      };
    }
  }

  private LoadedModel openNow(
      CatalogVersion version,
      ModelPackage modelPackage,
      Optional<Pipeline> pipeline,
      Need need,
      boolean mustPass,
      long started) {
    try {
      long packageBytes = sizeOf(modelPackage.root());
      MemoryBudget.Reservation memory =
          budget.reserve(version.key(), expectedBytes(version.packageDigest(), packageBytes), need);
      try {
        return openWithin(memory, packageBytes, version, modelPackage, pipeline, mustPass, started);
      } catch (RuntimeException | Error e) {
        memory.release();
        throw e;
      }
    } catch (RuntimeException | Error e) {
      pipeline.ifPresent(Pipeline::close);
      throw e;
    }
  }

  private LoadedModel openWithin(
      MemoryBudget.Reservation memory,
      long packageBytes,
      CatalogVersion version,
      ModelPackage modelPackage,
      Optional<Pipeline> pipeline,
      boolean mustPass,
      long started) {
    OptionalLong before = ResidentMemory.read();
    long opening = System.nanoTime();
    Optional<PipelineAssembly> assembly =
        pipeline.map(joined -> pipelines.assemble(version.key(), modelPackage, joined));
    Predictor predictor =
        assembly.isPresent()
            ? new PipelinePredictor(pipeline.orElseThrow(), assembly.get())
            : Predictors.loadWith(modelPackage, engines);
    long engineNanos = System.nanoTime() - opening;
    try {
      ModelStatistics statistics = new ModelStatistics();
      List<WarmUp> warmUp = warmUp(predictor, modelPackage.goldenRequests());
      if (mustPass) {
        requirePassed(version.key(), warmUp);
        if (assembly.isEmpty()) {
          // Steps are warm, and know their cost.
          WarmUpCalls.run(predictor, modelPackage.goldenRequests().cases(), statistics);
        }
      }
      memory.resize(measure(version.packageDigest(), predictor, before, packageBytes));
      LoadReport report =
          new LoadReport(
              clock.instant(),
              Duration.ofNanos(System.nanoTime() - started),
              Duration.ofNanos(engineNanos),
              packageBytes,
              warmUp);
      return new LoadedModel(
          version,
          modelPackage,
          predictor,
          queue(version.key(), predictor, assembly.map(PipelineAssembly::graph), statistics),
          statistics,
          report,
          memory,
          pipeline.map(Pipeline::steps).orElse(List.of()));
    } catch (RuntimeException | Error e) {
      predictor.close();
      throw e;
    }
  }

  private RequestQueue queue(
      VersionKey key, Predictor predictor, Optional<StepGraph> graph, ModelStatistics statistics) {
    String name = key.toString();
    if (graph.isPresent()) {
      return new PipelineQueue(
          name, () -> limits.apply(key.model()), graph.get(), statistics, clock);
    }
    return new ExecutionQueue(
        name,
        () -> limits.apply(key.model()).within(predictor.parallelCalls()),
        new BatchRunner(name, predictor, buffers, statistics, clock),
        statistics,
        threads.lane(),
        callersThreads,
        timer);
  }

  private long expectedBytes(String digest, long packageBytes) {
    synchronized (sizes) {
      return Math.max(packageBytes, sizes.getOrDefault(digest, 0L));
    }
  }

  private long measure(String digest, Predictor predictor, OptionalLong before, long packageBytes) {
    OptionalLong after = before.isPresent() ? ResidentMemory.read() : OptionalLong.empty();
    long growth = after.isPresent() ? after.getAsLong() - before.getAsLong() : 0;
    long bytes = Math.max(packageBytes, Math.max(0, growth) + predictor.childProcessBytes());
    synchronized (sizes) {
      sizes.remove(digest);
      sizes.put(digest, bytes);
    }
    return bytes;
  }

  private static List<WarmUp> warmUp(Predictor predictor, GoldenRequests golden) {
    List<WarmUp> warmUp = new ArrayList<>();
    for (GoldenCase request : golden.cases()) {
      long started = System.nanoTime();
      GoldenResult result = GoldenCheck.run(predictor, GoldenRequests.of(request)).get(0);
      long took = System.nanoTime() - started;
      warmUp.add(new WarmUp(result, Duration.ofNanos(took)));
    }
    return warmUp;
  }

  private static void requirePassed(VersionKey key, List<WarmUp> warmUp) {
    for (WarmUp request : warmUp) {
      if (!request.result().passed()) {
        throw new ModelLoadFailedException(
            key,
            "golden request \""
                + request.result().name()
                + "\" does not give what it should: "
                + String.join("; ", request.result().problems()));
      }
    }
  }

  private static long sizeOf(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      long size = 0;
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        size += Files.size(file);
      }
      return size;
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read the package in " + folder, e);
    }
  }
}
