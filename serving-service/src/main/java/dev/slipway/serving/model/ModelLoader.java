package dev.slipway.serving.model;

import dev.slipway.engine.error.EngineException;
import dev.slipway.engine.packaging.GoldenCase;
import dev.slipway.engine.packaging.GoldenRequests;
import dev.slipway.engine.packaging.GoldenResult;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.predictor.GoldenCheck;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.engine.predictor.Predictors;
import dev.slipway.engine.tensor.TensorBuffers;
import dev.slipway.runtime.error.ServiceException;
import dev.slipway.serving.catalog.CatalogVersion;
import dev.slipway.serving.catalog.VersionKey;
import dev.slipway.serving.execution.BatchRunner;
import dev.slipway.serving.execution.ExecutionQueue;
import dev.slipway.serving.execution.ModelStatistics;
import dev.slipway.serving.execution.QueueLimits;
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
import java.util.List;
import java.util.concurrent.Executor;
import java.util.stream.Stream;

/**
 * Brings a version from the registry into memory: fetches and verifies its package, opens it with
 * the engine of its flavor and runs its golden requests, which also warms the engine up.
 * Thread-safe; every call blocks.
 */
public final class ModelLoader {
  private final PackageCache packages;
  private final QueueLimits limits;
  private final TensorBuffers buffers;
  private final Executor executor;
  private final Clock clock;

  /**
   * Creates a loader.
   *
   * @param limits bounds of the queue that each version gets
   * @param buffers lends the memory in which batches are put together
   * @param executor runs what the callers' threads do not; stays the caller's
   */
  public ModelLoader(
      PackageCache packages,
      QueueLimits limits,
      TensorBuffers buffers,
      Executor executor,
      Clock clock) {
    this.packages = packages;
    this.limits = limits;
    this.buffers = buffers;
    this.executor = executor;
    this.clock = clock;
  }

  /**
   * Loads a version.
   *
   * @throws ModelLoadFailedException if another try would fail the same way
   * @throws ServiceException of kind UNAVAILABLE if the package cannot be fetched at the moment
   */
  LoadedModel load(CatalogVersion version) {
    long started = System.nanoTime();
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
    Path folder = fetch(version);
    try {
      ModelPackage modelPackage = ModelPackage.read(folder);
      long opening = System.nanoTime();
      Predictor predictor = Predictors.load(modelPackage);
      long opened = System.nanoTime();
      try {
        ModelStatistics statistics = new ModelStatistics();
        List<WarmUp> warmUp = warmUp(key, predictor, modelPackage.goldenRequests(), statistics);
        ExecutionQueue queue =
            new ExecutionQueue(
                key.toString(),
                limits,
                new BatchRunner(key.toString(), predictor, buffers, statistics, clock),
                statistics,
                executor);
        LoadReport report =
            new LoadReport(
                clock.instant(),
                Duration.ofNanos(System.nanoTime() - started),
                Duration.ofNanos(opened - opening),
                sizeOf(folder),
                warmUp);
        return new LoadedModel(version, modelPackage, predictor, queue, statistics, report);
      } catch (RuntimeException | Error e) {
        predictor.close();
        throw e;
      }
    } catch (EngineException e) {
      throw new ModelLoadFailedException(key, e.getMessage(), e);
    } catch (LinkageError e) {
      throw new ModelLoadFailedException(key, "the engine's native library does not load: " + e, e);
    }
  }

  private Path fetch(CatalogVersion version) {
    try {
      return packages.get(version.packageDigest());
    } catch (ServiceException e) {
      throw switch (e.kind()) {
        case UNAVAILABLE -> e;
        default -> new ModelLoadFailedException(version.key(), e.getMessage(), e);
      };
    }
  }

  private static List<WarmUp> warmUp(
      VersionKey key, Predictor predictor, GoldenRequests golden, ModelStatistics statistics) {
    List<WarmUp> warmUp = new ArrayList<>();
    for (GoldenCase request : golden.cases()) {
      long started = System.nanoTime();
      GoldenResult result = GoldenCheck.run(predictor, GoldenRequests.of(request)).get(0);
      long took = System.nanoTime() - started;
      if (!result.passed()) {
        throw new ModelLoadFailedException(
            key,
            "golden request \""
                + request.name()
                + "\" does not give what it should: "
                + String.join("; ", result.problems()));
      }
      statistics.observeCall(took);
      warmUp.add(new WarmUp(request.name(), Duration.ofNanos(took)));
    }
    return warmUp;
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
