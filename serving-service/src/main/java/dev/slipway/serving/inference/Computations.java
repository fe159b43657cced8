package dev.slipway.serving.inference;

import dev.slipway.engine.error.InvalidInputException;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.runtime.error.Violations;
import dev.slipway.serving.cache.CachePolicy;
import dev.slipway.serving.cache.PredictionCache;
import dev.slipway.serving.cache.SharedAnswers;
import dev.slipway.serving.execution.Execution;
import dev.slipway.serving.execution.Execution.Answer;
import dev.slipway.serving.execution.Execution.Conditions;
import dev.slipway.serving.execution.StepEngine;
import dev.slipway.serving.model.LoadedModel;
import dev.slipway.serving.model.SettingsInForce;
import dev.slipway.serving.model.StepCalls;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Finds the way to an answer of a version: through the prediction cache where its answers are kept,
 * else straight to its queue; for callers and for the steps of pipelines alike. Thread-safe.
 */
public final class Computations implements StepCalls {
  private final SettingsInForce settings;
  private final Optional<CachedPredictions> cached;

  /**
   * Creates it.
   *
   * @param settings says of which models answers are kept
   * @param cache keeps them
   * @param shared keeps them for other servers too
   */
  public Computations(
      SettingsInForce settings, PredictionCache cache, SharedAnswers shared, Clock clock) {
    this.settings = settings;
    this.cached =
        cache.keepsAny()
            ? Optional.of(new CachedPredictions(cache, shared, clock))
            : Optional.empty();
  }

  /**
   * Returns the way of one request.
   *
   * @param model held until the outcome was handed over
   * @param outputs names of the wanted outputs, in order
   * @param parameters checked parameters
   * @param arrivedNanos {@link System#nanoTime} at which the request arrived
   */
  Computation of(
      LoadedModel model,
      List<String> outputs,
      Map<String, Object> parameters,
      Conditions conditions,
      long arrivedNanos) {
    EngineCall engine = engine(model, outputs, parameters, conditions, arrivedNanos);
    String name = model.version().key().model();
    Optional<CachePolicy> policy = cachePolicy(model);
    if (policy.isEmpty()) {
      return uncached(engine);
    }
    int maxFollowers = settings.limits(name).maxQueued();
    return (tensors, outcome) ->
        cached
            .get()
            .predict(
                new CachedPredictions.Request(
                    model,
                    name,
                    policy.get(),
                    tensors,
                    outputs,
                    parameters,
                    conditions.forceCompute(),
                    maxFollowers,
                    arrivedNanos,
                    engine),
                outcome);
  }

  /** Returns how answers of a version are kept; absent when they are not. */
  Optional<CachePolicy> cachePolicy(LoadedModel model) {
    return model.isDeterministic() && cached.isPresent()
        ? settings.cache(model.version().key().model())
        : Optional.empty();
  }

  /** Returns the way of one request past the prediction cache. See {@link #of}. */
  Computation uncached(
      LoadedModel model,
      List<String> outputs,
      Map<String, Object> parameters,
      Conditions conditions,
      long arrivedNanos) {
    return uncached(engine(model, outputs, parameters, conditions, arrivedNanos));
  }

  private static Computation uncached(EngineCall engine) {
    return (tensors, outcome) -> engine.compute(tensors, new Uncached(outcome));
  }

  private static EngineCall engine(
      LoadedModel model,
      List<String> outputs,
      Map<String, Object> parameters,
      Conditions conditions,
      long arrivedNanos) {
    return (tensors, outcome) ->
        model
            .queue()
            .offer(new Execution(tensors, outputs, parameters, conditions, outcome, arrivedNanos));
  }

  @Override
  public StepEngine engineOf(LoadedModel model) {
    return (inputs, outputs, parameters, conditions, receiver) ->
        compute(model, inputs, outputs, parameters, conditions, receiver);
  }

  private void compute(
      LoadedModel model,
      List<Tensor> inputs,
      List<String> outputs,
      Map<String, Object> parameters,
      Conditions conditions,
      StepEngine.Receiver receiver) {
    long arrived = System.nanoTime();
    Violations violations = new Violations();
    List<Tensor> checked = check(model, inputs, violations);
    Map<String, Object> own = ownParameters(model, parameters, violations);
    violations.throwIfAny();
    of(model, outputs, own, conditions, arrived)
        .compute(
            checked,
            new CachedPredictions.Receiver() {
              @Override
              public void answered(Answer answer, CachedPredictions.Lookup lookup) {
                receiver.answered(answer, lookup.nanos(), lookup.hit());
              }

              @Override
              public void failed(RuntimeException failure) {
                receiver.failed(failure);
              }
            });
  }

  /** Sizes that only a request fixes may not fit although the models do. */
  private static List<Tensor> check(LoadedModel model, List<Tensor> inputs, Violations violations) {
    try {
      return model.predictor().inputChecks().check(inputs).tensors();
    } catch (InvalidInputException e) {
      e.violations()
          .forEach(violation -> violations.add(violation.field(), violation.description()));
      return List.of();
    }
  }

  /** A step is given those of the pipeline's parameters that it declares. */
  private static Map<String, Object> ownParameters(
      LoadedModel model, Map<String, Object> parameters, Violations violations) {
    Map<String, Object> own = new HashMap<>();
    model
        .modelPackage()
        .signature()
        .ifPresent(
            signature ->
                signature
                    .params()
                    .forEach(
                        param -> {
                          Object value = parameters.get(param.name());
                          if (value != null) {
                            own.put(param.name(), value);
                          }
                        }));
    return ParameterChecks.check(own, model.modelPackage().signature(), violations);
  }

  /** Passes on what the cache was not asked for. */
  private record Uncached(CachedPredictions.Receiver receiver) implements Execution.Receiver {
    @Override
    public void answered(Answer answer) {
      receiver.answered(answer, CachedPredictions.Lookup.NONE);
    }

    @Override
    public void failed(RuntimeException failure) {
      receiver.failed(failure);
    }
  }
}
