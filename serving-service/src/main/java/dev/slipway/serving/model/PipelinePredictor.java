package dev.slipway.serving.model;

import dev.slipway.engine.error.EngineException;
import dev.slipway.engine.error.EngineUnavailableException;
import dev.slipway.engine.error.InvalidInputException;
import dev.slipway.engine.error.PredictionException;
import dev.slipway.engine.error.SignatureViolation;
import dev.slipway.engine.pipeline.PipelineDefinition;
import dev.slipway.engine.predictor.PredictRequest;
import dev.slipway.engine.predictor.Predictions;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.engine.predictor.RequestedOutputs;
import dev.slipway.engine.signature.SignatureChecks;
import dev.slipway.engine.tensor.TensorMetadata;
import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.InvalidRequestException;
import dev.slipway.runtime.error.ServiceException;
import dev.slipway.serving.execution.Execution;
import dev.slipway.serving.execution.Execution.Answer;
import dev.slipway.serving.execution.Execution.Conditions;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A pipeline seen as one model. Requests of callers do not come this way, but through the queue of
 * the version, which holds no thread; predicting here waits for the steps, as golden requests do.
 */
final class PipelinePredictor implements Predictor {
  private final Pipeline pipeline;
  private final PipelineAssembly assembly;
  private final boolean batched;

  /** Creates the predictor; closing it lets go of the steps. */
  PipelinePredictor(Pipeline pipeline, PipelineAssembly assembly) {
    this.pipeline = pipeline;
    this.assembly = assembly;
    this.batched =
        Predictor.super.batched()
            && pipeline.steps().stream().allMatch(step -> step.model().predictor().batched());
  }

  @Override
  public String platform() {
    return PipelineDefinition.FLAVOR;
  }

  @Override
  public SignatureChecks inputChecks() {
    return assembly.checks();
  }

  @Override
  public List<TensorMetadata> outputs() {
    return assembly.outputs();
  }

  /** Rows stay rows only if every step keeps them apart. */
  @Override
  public boolean batched() {
    return batched;
  }

  @Override
  public boolean waits() {
    return true;
  }

  @Override
  public Predictions predict(PredictRequest request) {
    CompletableFuture<Answer> answer = new CompletableFuture<>();
    AtomicBoolean gone = new AtomicBoolean();
    assembly
        .graph()
        .run(
            new Execution(
                inputChecks().check(request.inputs()).tensors(),
                RequestedOutputs.resolve(request, outputs()),
                request.parameters(),
                Conditions.until(Execution.NO_DEADLINE, gone::get),
                new Execution.Receiver() {
                  @Override
                  public void answered(Answer given) {
                    answer.complete(given);
                  }

                  @Override
                  public void failed(RuntimeException failure) {
                    answer.completeExceptionally(failure);
                  }
                },
                System.nanoTime()));
    try {
      return new Predictions(await(answer, gone).outputs());
    } catch (ExecutionException e) {
      throw translate(e.getCause());
    }
  }

  /** Waits to the end, also when interrupted: engines may still read what this call was given. */
  private static Answer await(CompletableFuture<Answer> answer, AtomicBoolean gone)
      throws ExecutionException {
    while (true) {
      try {
        Answer given = answer.get();
        if (gone.get()) {
          Thread.currentThread().interrupt();
        }
        return given;
      } catch (InterruptedException e) {
        gone.set(true);
      }
    }
  }

  private static EngineException translate(Throwable failure) {
    if (failure instanceof InvalidRequestException invalid) {
      return new InvalidInputException(
          invalid.violations().stream()
              .map(found -> new SignatureViolation(found.field(), found.description()))
              .toList());
    }
    return failure instanceof ServiceException known && known.kind() == ErrorKind.UNAVAILABLE
        ? new EngineUnavailableException(known.getMessage(), known)
        : new PredictionException(failure.getMessage(), failure);
  }

  @Override
  public void close() {
    pipeline.close();
  }
}
