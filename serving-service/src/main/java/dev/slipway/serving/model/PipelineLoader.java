package dev.slipway.serving.model;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.pipeline.PipelineDefinition;
import dev.slipway.engine.pipeline.PipelineProblems;
import dev.slipway.engine.pipeline.PipelineStep;
import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import dev.slipway.serving.catalog.Catalog;
import dev.slipway.serving.catalog.CatalogVersion;
import dev.slipway.serving.catalog.Selector;
import dev.slipway.serving.catalog.VersionKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;

/**
 * Brings pipelines together: finds and holds the versions that a package names, and joins them.
 * Each is loaded once, whoever needs it. Thread-safe; nothing blocks.
 */
public final class PipelineLoader {
  private final Catalog catalog;
  private final StepCalls calls;
  private final Executor executor;
  private volatile StepSource source =
      (step, pipeline, need) ->
          CompletableFuture.failedFuture(new IllegalStateException("no pool holds steps"));

  /**
   * Creates a loader.
   *
   * @param executor goes on with requests whose step was answered elsewhere; stays the caller's
   */
  public PipelineLoader(Catalog catalog, StepCalls calls, Executor executor) {
    this.catalog = catalog;
    this.calls = calls;
    this.executor = executor;
  }

  /** Holds versions for pipelines. */
  interface StepSource {
    /**
     * Takes hold of a version, loading it when it is not loaded.
     *
     * @param pipeline who needs it
     * @param need decides what is unloaded to make room
     */
    CompletableFuture<StepHold> hold(CatalogVersion step, VersionKey pipeline, Need need);
  }

  /** Sets who holds the steps. */
  void source(StepSource newSource) {
    this.source = newSource;
  }

  /**
   * Holds the steps of a version; empty when it is no pipeline. The future fails with {@link
   * InvalidPipelineException} if one is unknown or cannot be loaded, and with a {@link
   * ServiceException} that another try may not meet.
   */
  CompletableFuture<Optional<Pipeline>> load(
      CatalogVersion version, ModelPackage modelPackage, Need need) {
    Optional<PipelineDefinition> found = definition(modelPackage);
    if (found.isEmpty()) {
      return CompletableFuture.completedFuture(Optional.empty());
    }
    PipelineDefinition definition = found.get();
    List<CompletableFuture<LoadedStep>> steps = new ArrayList<>();
    List<CatalogVersion> versions = versions(definition);
    for (int i = 0; i < versions.size(); i++) {
      String name = definition.steps().get(i).name();
      steps.add(
          hold(versions.get(i), version.key(), need).thenApply(held -> new LoadedStep(name, held)));
    }
    return CompletableFuture.allOf(steps.toArray(CompletableFuture[]::new))
        .handle((done, failure) -> Optional.of(gather(definition, steps)));
  }

  private static Optional<PipelineDefinition> definition(ModelPackage modelPackage) {
    try {
      return PipelineDefinition.find(modelPackage.mlmodel());
    } catch (ModelPackageException e) {
      throw new InvalidPipelineException(e.getMessage(), e);
    }
  }

  private CompletableFuture<StepHold> hold(CatalogVersion step, VersionKey pipeline, Need need) {
    try {
      return source.hold(step, pipeline, need);
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private List<CatalogVersion> versions(PipelineDefinition definition) {
    PipelineProblems problems = new PipelineProblems();
    List<CatalogVersion> versions = new ArrayList<>();
    for (int i = 0; i < definition.steps().size(); i++) {
      PipelineStep step = definition.steps().get(i);
      try {
        CatalogVersion version =
            catalog.get(step.model()).get(new Selector.Numbered(step.version()));
        String digest = version.packageDigest();
        if (!step.digest().orElse(digest).equals(digest)) {
          problems.add(
              PipelineProblems.place(i) + ".digest",
              "is not that of " + version.key() + ", whose package is " + digest);
        }
        versions.add(version);
      } catch (ServiceException e) {
        if (e.kind() == ErrorKind.UNAVAILABLE) {
          throw e;
        }
        problems.add(
            PipelineProblems.place(i) + ".model", "is " + step.uri() + ": " + e.getMessage());
      }
    }
    throwIfAny(problems);
    return versions;
  }

  private static void throwIfAny(PipelineProblems problems) {
    try {
      problems.throwIfAny();
    } catch (ModelPackageException e) {
      throw new InvalidPipelineException(e.getMessage(), e);
    }
  }

  private static Pipeline gather(
      PipelineDefinition definition, List<CompletableFuture<LoadedStep>> steps) {
    List<LoadedStep> loaded = new ArrayList<>();
    PipelineProblems problems = new PipelineProblems();
    Optional<RuntimeException> passing = Optional.empty();
    for (int i = 0; i < steps.size(); i++) {
      try {
        loaded.add(steps.get(i).join());
      } catch (CompletionException e) {
        Throwable cause = e.getCause();
        if (cause instanceof ModelLoadFailedException
            || cause instanceof InvalidPipelineException) {
          problems.add(
              PipelineProblems.place(i),
              "\"" + definition.steps().get(i).name() + "\": " + cause.getMessage());
        } else {
          passing = Optional.of(cause instanceof RuntimeException known ? known : e);
        }
      }
    }
    Pipeline pipeline = new Pipeline(definition, loaded);
    try {
      if (passing.isPresent()) {
        throw passing.get();
      }
      throwIfAny(problems);
      return pipeline;
    } catch (RuntimeException e) {
      pipeline.close();
      throw e;
    }
  }

  /**
   * Joins the steps of a pipeline.
   *
   * @throws InvalidPipelineException with everything that does not fit
   */
  PipelineAssembly assemble(VersionKey key, ModelPackage modelPackage, Pipeline pipeline) {
    return PipelineAssembly.of(key, modelPackage, pipeline, calls, executor);
  }
}
