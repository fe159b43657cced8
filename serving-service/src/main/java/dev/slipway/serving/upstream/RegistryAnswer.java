package dev.slipway.serving.upstream;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Receives what the registry answers to a change of a model. Its refusals become {@link
 * SettingsRefusedException}, a lost race {@link LostRaceException}, and everything else {@link
 * RegistryUnavailableException}.
 */
final class RegistryAnswer<T> implements StreamObserver<T> {
  private final String model;
  private final CompletableFuture<T> future;

  /**
   * Creates it.
   *
   * @param model registered model name
   * @param future is completed with the answer or the failure
   */
  RegistryAnswer(String model, CompletableFuture<T> future) {
    this.model = model;
    this.future = future;
  }

  @Override
  public void onNext(T answer) {
    future.complete(answer);
  }

  @Override
  public void onError(Throwable failure) {
    Status status = Status.fromThrowable(failure);
    future.completeExceptionally(
        switch (status.getCode()) {
          case ABORTED -> new LostRaceException(model);
          case NOT_FOUND, INVALID_ARGUMENT, RESOURCE_EXHAUSTED, FAILED_PRECONDITION ->
              new SettingsRefusedException(model, status.getDescription());
          default -> new RegistryUnavailableException(status.getCode().name());
        });
  }

  @Override
  public void onCompleted() {}

  /** Somebody else changed the model in between. */
  static final class LostRaceException extends ServiceException {
    private static final long serialVersionUID = 1L;

    LostRaceException(String model) {
      super(
          ErrorKind.UNAVAILABLE,
          "REGISTRY_UNAVAILABLE",
          "model " + model + " is being changed all the time; try again",
          Map.of("model", model));
    }
  }
}
