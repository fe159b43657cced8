package dev.slipway.serving.inference;

import dev.slipway.engine.error.InvalidInputException;
import dev.slipway.engine.error.SignatureViolation;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.engine.tensor.TensorMetadata;
import dev.slipway.runtime.error.InvalidRequestException;
import dev.slipway.runtime.error.Violations;
import dev.slipway.serving.catalog.CatalogVersion;
import dev.slipway.serving.catalog.NotInCatalogException;
import dev.slipway.serving.catalog.Selector;
import dev.slipway.serving.execution.Execution;
import dev.slipway.serving.execution.Execution.Conditions;
import dev.slipway.serving.execution.QueueFullException;
import dev.slipway.serving.execution.QueueLimits;
import dev.slipway.serving.model.LoadedModel;
import dev.slipway.serving.model.ModelHandle;
import dev.slipway.serving.model.ModelPool;
import dev.slipway.serving.model.ModelPool.Retry;
import dev.slipway.serving.model.ModelUnloadedException;
import dev.slipway.serving.model.Need;
import dev.slipway.serving.model.Route;
import dev.slipway.serving.model.SettingsInForce;
import dev.slipway.serving.model.StageRouter;
import dev.slipway.serving.model.StageRouter.Target;
import dev.slipway.serving.traffic.TrafficMeters;
import dev.slipway.serving.upstream.CatalogCatchUp;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.BooleanSupplier;

/**
 * Predicts: chooses the version, takes hold of it (loading it when it is not loaded), checks the
 * inputs against its signature and puts them in its queue. The hold lasts until the outcome was
 * handed over. Thread-safe; nothing here blocks but short predictions, which run on the caller's
 * thread.
 */
public final class InferenceService {
  /**
   * A version that was just loaded may be let go before it is taken hold of; so often it is loaded
   * again.
   */
  private static final int LOAD_TRIES = 3;

  private final StageRouter router;
  private final ModelPool pool;
  private final CatalogCatchUp catchUp;
  private final Executor executor;
  private final LoadWaiters waiters = new LoadWaiters();
  private final SettingsInForce settings;
  private final Computations computations;
  private final RuleTraffic traffic;

  /**
   * Creates the service.
   *
   * @param settings says how large queues are; as many requests as a version's queue takes may wait
   *     for its load
   * @param catchUp finds what the registry has and was not heard of yet
   * @param computations finds the way to an answer
   * @param executor goes on with requests that waited for a load; stays the caller's
   * @param meters count the requests of stages that have a traffic rule
   * @param background runs what shadows are asked
   */
  public InferenceService(
      StageRouter router,
      ModelPool pool,
      CatalogCatchUp catchUp,
      SettingsInForce settings,
      Computations computations,
      Executor executor,
      TrafficMeters meters,
      Background background) {
    this.router = router;
    this.pool = pool;
    this.catchUp = catchUp;
    this.executor = executor;
    this.settings = settings;
    this.computations = computations;
    this.traffic =
        new RuleTraffic(
            meters,
            new ShadowCopies(
                router,
                pool,
                background.contended(),
                this::runUncached,
                background.executor(),
                background.timer()));
  }

  /**
   * Where work is done that nobody waits for. All of it stays the caller's.
   *
   * @param contended tells whether requests wait for the engines' threads; must be cheap
   * @param executor runs the work
   * @param timer where pauses are waited out
   */
  public record Background(
      BooleanSupplier contended, Executor executor, ScheduledExecutorService timer) {}

  /** Tells whether answers of a version may come from the prediction cache. */
  public boolean caches(LoadedModel model) {
    return computations.cachePolicy(model).isPresent();
  }

  /** Receives the outcome of a prediction, on any thread. */
  public interface Receiver {
    /** Takes the answer. */
    void answered(InferenceResult result);

    /** Takes the failure. */
    void failed(RuntimeException failure);
  }

  /**
   * Makes a prediction; the receiver is told the outcome exactly once, possibly before this method
   * returns. Canaries get no requests whose faults are told by row: rows that the canary alone
   * refuses would be named as faulty to callers.
   */
  public void predict(InferenceRequest request, Receiver receiver) {
    long arrived = System.nanoTime();
    try {
      predict(route(request), request, receiver, arrived);
    } catch (NotInCatalogException e) {
      CompletableFuture<Void> unused =
          catchUp
              .findLater(request.model(), request.selector(), () -> route(request), e)
              .thenAccept(target -> predict(target, request, receiver, System.nanoTime()))
              .exceptionally(
                  failure -> {
                    receiver.failed(unwrap(failure));
                    return null;
                  });
    } catch (Throwable e) {
      receiver.failed(known(e));
    }
  }

  private Target route(InferenceRequest request) {
    return router.route(request.model(), request.selector(), request.routeKey());
  }

  private void predict(Target target, InferenceRequest request, Receiver receiver, long arrived) {
    if (target.route() == Route.CANARY && request.rowFaults().isEmpty()) {
      Optional<ModelHandle> canary = pool.acquire(target.version());
      if (canary.isPresent()) {
        predictByCanary(canary.get(), target, request, receiver, arrived);
        return;
      }
    }
    predictByOwn(request, receiver, arrived);
  }

  /**
   * Predicts with the canary. What it refuses as malformed is asked of the stage's version too: its
   * signature may not be what callers are used to.
   */
  private void predictByCanary(
      ModelHandle handle,
      Target canary,
      InferenceRequest request,
      Receiver receiver,
      long arrived) {
    Receiver observed = traffic.observe(canary, request, receiver, arrived);
    Receiver orOwn =
        new Receiver() {
          @Override
          public void answered(InferenceResult result) {
            observed.answered(result);
          }

          @Override
          public void failed(RuntimeException failure) {
            if (failure instanceof InvalidRequestException) {
              predictByOwn(request, refused(canary, request, receiver), arrived);
            } else {
              observed.failed(failure);
            }
          }
        };
    run(handle, canary, request, orOwn, arrived, 0, true);
  }

  private Receiver refused(Target canary, InferenceRequest request, Receiver receiver) {
    return new Receiver() {
      @Override
      public void answered(InferenceResult result) {
        traffic.refusedByCanary(canary, request);
        receiver.answered(result);
      }

      @Override
      public void failed(RuntimeException failure) {
        receiver.failed(failure);
      }
    };
  }

  private void predictByOwn(InferenceRequest request, Receiver receiver, long arrived) {
    try {
      Target target = router.resolve(request.model(), request.selector());
      Optional<ModelHandle> handle = pool.acquire(target.version());
      if (handle.isPresent()) {
        Receiver observed = traffic.observe(target, request, receiver, arrived);
        run(handle.get(), target, request, observed, arrived, 0, true);
        return;
      }
      CompletableFuture<Hold> unused =
          acquire(
                  request.model(),
                  request.selector(),
                  request.deadlineNanos(),
                  request.callerGone())
              .whenCompleteAsync(
                  (hold, failure) -> {
                    if (failure != null) {
                      receiver.failed(unwrap(failure));
                      return;
                    }
                    long loaded = System.nanoTime();
                    Receiver observed = traffic.observe(hold.target(), request, receiver, loaded);
                    run(
                        hold.handle(),
                        hold.target(),
                        request,
                        observed,
                        loaded,
                        loaded - arrived,
                        true);
                  },
                  executor);
    } catch (Throwable e) {
      receiver.failed(known(e));
    }
  }

  /**
   * A version in hand.
   *
   * @param target what was chosen
   * @param handle keeps it loaded; the receiver closes it
   */
  public record Hold(Target target, ModelHandle handle) implements AutoCloseable {
    /** Lets go. */
    @Override
    public void close() {
      handle.close();
    }
  }

  /**
   * Takes hold of a version, loading it when it is not loaded. The future fails with what predict
   * would fail with.
   *
   * @param deadlineNanos {@link System#nanoTime} after which nobody waits, or {@link
   *     Execution#NO_DEADLINE}
   * @param callerGone tells whether the caller has given up; must be cheap
   */
  public CompletableFuture<Hold> acquire(
      String model, Selector selector, long deadlineNanos, BooleanSupplier callerGone) {
    return catchUp
        .find(model, selector, () -> router.resolve(model, selector))
        .thenCompose(target -> acquire(model, target, deadlineNanos, callerGone, LOAD_TRIES));
  }

  /** Drops requests that wait for a load and that nobody waits for. To be called often. */
  public void dropDeadWaiters() {
    waiters.dropDead();
  }

  /** Returns how many requests wait for loads. */
  public int waitingForLoads() {
    return waiters.waiting();
  }

  private CompletableFuture<Hold> acquire(
      String model, Target target, long deadlineNanos, BooleanSupplier callerGone, int tries) {
    Optional<ModelHandle> handle = pool.acquire(target.version());
    if (handle.isPresent()) {
      return CompletableFuture.completedFuture(new Hold(target, handle.get()));
    }
    if (tries == 0) {
      return CompletableFuture.failedFuture(new ModelUnloadedException(target.version().key()));
    }
    CatalogVersion version = target.version();
    CompletableFuture<Void> load = pool.load(version, Need.REQUESTS, Retry.HELD_OFF);
    CompletableFuture<Void> waiting;
    try {
      QueueLimits limits = settings.limits(model);
      int maxWaiting = limits.maxQueued() + limits.maxRunning();
      waiting = waiters.await(version.key(), load, maxWaiting, deadlineNanos, callerGone);
    } catch (QueueFullException e) {
      return CompletableFuture.failedFuture(e);
    }
    return waiting.thenComposeAsync(
        loaded ->
            acquire(
                model, router.resolve(model, target.asked()), deadlineNanos, callerGone, tries - 1),
        executor);
  }

  /** Returns the failure that a future's failure stands for. */
  public static RuntimeException unwrap(Throwable failure) {
    Throwable cause = failure;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return known(cause);
  }

  private static RuntimeException known(Throwable failure) {
    return failure instanceof RuntimeException known ? known : new IllegalStateException(failure);
  }

  private void runUncached(ModelHandle handle, InferenceRequest request, Receiver receiver) {
    Target target =
        new Target(handle.model().version(), request.selector(), 0, Route.NONE, Optional.empty());
    run(handle, target, request, receiver, System.nanoTime(), 0, false);
  }

  private void run(
      ModelHandle handle,
      Target target,
      InferenceRequest request,
      Receiver receiver,
      long arrived,
      long loadNanos,
      boolean mayCache) {
    try {
      LoadedModel model = handle.model();
      Violations violations = new Violations();
      List<Tensor> inputs = checkInputs(request, model, violations);
      List<String> outputs = checkOutputs(request.outputs(), model, violations);
      Map<String, Object> parameters =
          ParameterChecks.check(request.parameters(), model.modelPackage().signature(), violations);
      violations.throwIfAny();
      Releasing releasing = new Releasing(handle, target, receiver, loadNanos, request.rowFaults());
      Conditions conditions =
          new Conditions(
              request.deadlineNanos(), request.callerGone(), request.forceCompute(), false);
      Computation computation =
          mayCache
              ? computations.of(model, outputs, parameters, conditions, arrived)
              : computations.uncached(model, outputs, parameters, conditions, arrived);
      int rows = rows(model, inputs);
      if (request.rowFaults().isPresent() && rows > RowByRow.MOST_ROWS) {
        throw InvalidRequestException.of(
            "options.row_errors",
            "may be set for at most " + RowByRow.MOST_ROWS + " rows; the request has " + rows);
      }
      if (request.rowFaults().isPresent() && rows > 0) {
        new RowByRow(
                computation,
                inputs,
                rows,
                request.rowFaults().get(),
                outputs,
                name -> metadata(model, name),
                releasing)
            .run();
      } else {
        computation.compute(inputs, releasing);
      }
    } catch (Throwable e) {
      // An Error too: nobody else would let go of the version or tell the caller.
      handle.close();
      receiver.failed(known(e));
    }
  }

  /** Returns the rows of checked inputs; 0 when the model has no batch axis. */
  private static int rows(LoadedModel model, List<Tensor> inputs) {
    return model.batched() ? (int) inputs.get(0).shape().dimension(0) : 0;
  }

  private static TensorMetadata metadata(LoadedModel model, String output) {
    return model.predictor().outputs().stream()
        .filter(known -> known.name().equals(output))
        .findFirst()
        .orElseThrow();
  }

  /** Hands the outcome over, then lets go of the version. */
  private record Releasing(
      ModelHandle handle,
      Target target,
      Receiver receiver,
      long loadNanos,
      Optional<RowFaults> rowFaults)
      implements CachedPredictions.Receiver {
    @Override
    public void answered(Execution.Answer answer, CachedPredictions.Lookup lookup) {
      try {
        receiver.answered(
            new InferenceResult(
                answer.outputs(),
                target,
                handle.model(),
                answer.batchRows(),
                lookup.hit(),
                answer.timings(),
                loadNanos,
                lookup.nanos(),
                rowFaults.map(RowFaults::list).orElse(List.of())));
      } finally {
        handle.close();
      }
    }

    @Override
    public void failed(RuntimeException failure) {
      try {
        receiver.failed(failure);
      } finally {
        handle.close();
      }
    }
  }

  private static List<Tensor> checkInputs(
      InferenceRequest request, LoadedModel model, Violations violations) {
    List<Tensor> tensors = request.inputs().read(model, violations);
    if (!violations.isEmpty()) {
      return List.of();
    }
    try {
      return model.predictor().inputChecks().check(tensors).tensors();
    } catch (InvalidInputException e) {
      for (SignatureViolation violation : e.violations()) {
        String field = violation.field();
        String path =
            field.startsWith("inputs")
                ? request.inputs().field() + field.substring("inputs".length())
                : field;
        violations.add(path, violation.description());
      }
      return List.of();
    }
  }

  private static List<String> checkOutputs(
      List<String> wanted, LoadedModel model, Violations violations) {
    List<String> known = model.outputNames();
    if (wanted.isEmpty()) {
      return known;
    }
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < wanted.size(); i++) {
      String name = wanted.get(i);
      if (!known.contains(name)) {
        violations.add(
            "outputs[" + i + "]", "unknown output \"" + name + "\"; the model gives " + known);
      } else if (!seen.add(name)) {
        violations.add("outputs[" + i + "]", "\"" + name + "\" is asked for twice");
      }
    }
    return wanted;
  }
}
