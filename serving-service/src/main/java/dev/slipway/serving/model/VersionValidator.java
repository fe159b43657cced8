package dev.slipway.serving.model;

import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.signature.SignatureDiff;
import dev.slipway.engine.signature.TensorSchema;
import dev.slipway.engine.signature.TensorSpec;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.TensorMetadata;
import dev.slipway.runtime.error.ServiceException;
import dev.slipway.serving.catalog.CatalogVersion;
import dev.slipway.serving.catalog.VersionKey;
import dev.slipway.serving.model.LoadedModel.WarmUp;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;

/**
 * Checks whether versions are fit to be served, a bounded number at a time. A version that is not
 * loaded is loaded beside what is served and let go again; its state does not change by that.
 * Thread-safe; nothing blocks the caller.
 */
public final class VersionValidator {
  /** Validations that may run at the same time. */
  public static final int MAX_VALIDATIONS = 8;

  private final ModelPool pool;
  private final ModelLoader loader;
  private final Semaphore free = new Semaphore(MAX_VALIDATIONS);

  /** Creates a validator of versions that the pool holds and the loader can load. */
  public VersionValidator(ModelPool pool, ModelLoader loader) {
    this.pool = pool;
    this.loader = loader;
  }

  /** What is looked at. */
  public enum Check {
    /** The package can be fetched and an engine opens it. */
    LOAD,
    /** Every golden request gives what it should. */
    GOLDEN,
    /** Callers of the baseline can call the version. */
    SIGNATURE,
    /** The model's own tensors agree with the declared signature. */
    TENSORS,
    /** The steps of a pipeline fit together. */
    PIPELINE
  }

  /**
   * Outcome of one check.
   *
   * @param check the check
   * @param passed whether it passed
   * @param message what failed, or why there was nothing to check; may be empty
   * @param duration how long it took
   * @param golden the golden requests that were run
   * @param diff the differences to the baseline, where there was one
   */
  public record Outcome(
      Check check,
      boolean passed,
      String message,
      Duration duration,
      List<WarmUp> golden,
      Optional<SignatureDiff> diff) {
    static Outcome of(Check check, boolean passed, String message, Duration duration) {
      return new Outcome(check, passed, message, duration, List.of(), Optional.empty());
    }
  }

  /**
   * Outcome of a validation.
   *
   * @param outcomes each check, in the order of {@link Check}
   * @param baseline what the signature was compared with
   * @param loadDuration how long loading took; absent when the version was loaded already
   * @param memoryBytes what the version takes; 0 when it was not loaded
   */
  public record Validation(
      List<Outcome> outcomes,
      Optional<VersionKey> baseline,
      Optional<Duration> loadDuration,
      long memoryBytes) {
    /** Tells whether every check passed. */
    public boolean passed() {
      return outcomes.stream().allMatch(Outcome::passed);
    }
  }

  /** What the checks look at: the version in memory, or why it cannot be. */
  private record Trial(
      Optional<LoadedModel> model,
      List<WarmUp> golden,
      Optional<ModelLoadFailedException> failure,
      boolean loadedBefore,
      Duration duration) {}

  /**
   * Runs checks. The future fails with a {@link ServiceException} of kind UNAVAILABLE if a package
   * cannot be fetched at the moment, and {@link MemoryBudgetExceededException} if there is no room.
   *
   * @param baseline version to compare the signature with, if there is one
   * @throws TooManyValidationsException if as many run as may
   */
  public CompletableFuture<Validation> validate(
      CatalogVersion version, Set<Check> checks, Optional<CatalogVersion> baseline) {
    if (!free.tryAcquire()) {
      throw new TooManyValidationsException(MAX_VALIDATIONS);
    }
    CompletableFuture<Optional<ModelPackage>> compared =
        checks.contains(Check.SIGNATURE)
            ? baseline
                .map(known -> loader.packageOf(known).thenApply(Optional::of))
                .orElseGet(() -> CompletableFuture.completedFuture(Optional.empty()))
            : CompletableFuture.completedFuture(Optional.empty());
    return compared
        .thenCompose(other -> withModel(version, checks, other, baseline))
        .whenComplete((done, failure) -> free.release());
  }

  /**
   * Compares what two packages declare, without loading either. Empty when callers of the older
   * version can call the newer one, or one of them declares nothing; else the differences. The
   * future fails as {@link #validate} does when the newer package cannot be read.
   */
  public CompletableFuture<Optional<String>> incompatibilities(
      CatalogVersion older, CatalogVersion newer) {
    CompletableFuture<Optional<ModelSignature>> before =
        loader
            .packageOf(older)
            .thenApply(ModelPackage::signature)
            // What cannot be read declares nothing.
            .exceptionally(failure -> Optional.empty());
    return loader
        .packageOf(newer)
        .thenCombine(
            before,
            (candidate, present) -> {
              if (present.isEmpty() || candidate.signature().isEmpty()) {
                return Optional.empty();
              }
              SignatureDiff diff =
                  SignatureDiff.between(present.get(), candidate.signature().get());
              return diff.isBackwardCompatible()
                  ? Optional.empty()
                  : Optional.of(diff.differences().toString());
            });
  }

  private CompletableFuture<Validation> withModel(
      CatalogVersion version,
      Set<Check> checks,
      Optional<ModelPackage> compared,
      Optional<CatalogVersion> baseline) {
    long started = System.nanoTime();
    Optional<ModelHandle> handle = pool.acquire(version);
    if (handle.isPresent()) {
      LoadedModel model = handle.get().model();
      return loader
          .runGolden(model)
          .handle(
              (golden, failure) ->
                  result(
                      checks,
                      failure == null
                          ? new Trial(
                              Optional.of(model), golden, Optional.empty(), true, since(started))
                          : failed(failure, started),
                      compared,
                      baseline))
          .whenComplete((done, failure) -> handle.get().close());
    }
    return loader
        .trial(version)
        .handle(
            (model, failure) -> {
              if (failure != null) {
                return result(checks, failed(failure, started), compared, baseline);
              }
              try {
                return result(
                    checks,
                    new Trial(
                        Optional.of(model),
                        model.report().warmUp(),
                        Optional.empty(),
                        false,
                        since(started)),
                    compared,
                    baseline);
              } finally {
                model.letGo();
              }
            });
  }

  private static Trial failed(Throwable failure, long started) {
    return new Trial(
        Optional.empty(), List.of(), Optional.of(fault(failure)), false, since(started));
  }

  private static Duration since(long startedNanos) {
    return Duration.ofNanos(System.nanoTime() - startedNanos);
  }

  /** Returns why a version cannot be loaded; throws what is no fault of the version. */
  private static ModelLoadFailedException fault(Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    if (cause instanceof ModelLoadFailedException fault) {
      return fault;
    }
    throw cause instanceof RuntimeException known ? known : new IllegalStateException(cause);
  }

  private static Validation result(
      Set<Check> checks,
      Trial trial,
      Optional<ModelPackage> compared,
      Optional<CatalogVersion> baseline) {
    List<Outcome> outcomes = new ArrayList<>();
    for (Check check : new TreeSet<>(checks)) {
      outcomes.add(outcome(check, trial, compared, baseline));
    }
    return new Validation(
        List.copyOf(outcomes),
        checks.contains(Check.SIGNATURE) ? baseline.map(CatalogVersion::key) : Optional.empty(),
        trial.loadedBefore() || trial.model().isEmpty()
            ? Optional.empty()
            : Optional.of(trial.model().get().report().duration()),
        trial.model().map(LoadedModel::memoryBytes).orElse(0L));
  }

  private static Outcome outcome(
      Check check,
      Trial trial,
      Optional<ModelPackage> compared,
      Optional<CatalogVersion> baseline) {
    long started = System.nanoTime();
    if (trial.model().isEmpty()) {
      ModelLoadFailedException failure = trial.failure().orElseThrow();
      boolean misfit =
          check == Check.PIPELINE && failure.getCause() instanceof InvalidPipelineException;
      return check == Check.LOAD || misfit
          ? Outcome.of(
              check,
              false,
              misfit ? failure.getCause().getMessage() : failure.getMessage(),
              trial.duration())
          : Outcome.of(check, false, "not checked, since it is not loaded", Duration.ZERO);
    }
    LoadedModel model = trial.model().get();
    return switch (check) {
      case LOAD -> Outcome.of(check, true, "", trial.duration());
      case GOLDEN -> golden(trial.golden());
      case SIGNATURE -> signature(model.modelPackage(), compared, baseline, started);
      case TENSORS -> tensors(model, started);
      case PIPELINE ->
          // Its steps were joined when it was loaded.
          Outcome.of(
              check, true, model.steps().isEmpty() ? "it is no pipeline" : "", Duration.ZERO);
    };
  }

  private static Outcome golden(List<WarmUp> golden) {
    List<String> failed =
        golden.stream()
            .filter(request -> !request.result().passed())
            .map(request -> request.result().name())
            .toList();
    String message =
        golden.isEmpty()
            ? "the package has no golden requests"
            : failed.isEmpty()
                ? ""
                : failed.size() + " of " + golden.size() + " golden requests failed: " + failed;
    Duration took = golden.stream().map(WarmUp::duration).reduce(Duration.ZERO, Duration::plus);
    return new Outcome(Check.GOLDEN, failed.isEmpty(), message, took, golden, Optional.empty());
  }

  private static Outcome signature(
      ModelPackage modelPackage,
      Optional<ModelPackage> compared,
      Optional<CatalogVersion> baseline,
      long started) {
    if (baseline.isEmpty() || compared.isEmpty()) {
      return Outcome.of(
          Check.SIGNATURE, true, "there is no version to compare it with", Duration.ZERO);
    }
    long number = baseline.get().key().version();
    Optional<ModelSignature> older = compared.get().signature();
    Optional<ModelSignature> newer = modelPackage.signature();
    if (older.isEmpty()) {
      return Outcome.of(
          Check.SIGNATURE, true, "version " + number + " declares no signature", Duration.ZERO);
    }
    if (newer.isEmpty()) {
      return Outcome.of(
          Check.SIGNATURE,
          false,
          "it declares no signature, and version " + number + " does",
          Duration.ZERO);
    }
    SignatureDiff diff = SignatureDiff.between(older.get(), newer.get());
    boolean passed = diff.isBackwardCompatible();
    return new Outcome(
        Check.SIGNATURE,
        passed,
        passed ? "" : "callers of version " + number + " cannot call it",
        since(started),
        List.of(),
        Optional.of(diff));
  }

  /** Inputs were compared by the engine when it opened the package. */
  private static Outcome tensors(LoadedModel model, long started) {
    Optional<TensorSchema> declared =
        model
            .modelPackage()
            .signature()
            .flatMap(ModelSignature::outputs)
            .filter(TensorSchema.class::isInstance)
            .map(TensorSchema.class::cast);
    if (declared.isEmpty()) {
      return Outcome.of(
          Check.TENSORS, true, "the package declares no output tensors", since(started));
    }
    List<TensorMetadata> outputs = model.predictor().outputs();
    List<String> problems = new ArrayList<>();
    for (TensorSpec spec : declared.get().tensors()) {
      Optional<TensorMetadata> output =
          spec.name().isEmpty()
              ? outputs.stream().findFirst()
              : outputs.stream().filter(own -> own.name().equals(spec.name().get())).findFirst();
      String name = spec.name().orElse("the output");
      if (output.isEmpty()) {
        problems.add(name + ": the model has no such output");
      } else if (spec.datatype().filter(output.get().datatype()::equals).isEmpty()) {
        problems.add(
            name + ": declared " + spec.dtype() + ", the model gives " + output.get().datatype());
      } else if (!mayBe(spec.shape(), output.get().shape())) {
        problems.add(
            name + ": declared " + spec.shape() + ", the model gives " + output.get().shape());
      }
    }
    return Outcome.of(
        Check.TENSORS, problems.isEmpty(), String.join("; ", problems), since(started));
  }

  private static boolean mayBe(Shape declared, Shape own) {
    if (declared.rank() != own.rank()) {
      return false;
    }
    for (int i = 0; i < own.rank(); i++) {
      boolean open = declared.dimension(i) < 0 || own.dimension(i) < 0;
      if (!open && declared.dimension(i) != own.dimension(i)) {
        return false;
      }
    }
    return true;
  }
}
