package dev.slipway.serving.rpc;

import dev.slipway.serving.inference.InferenceService;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** Answers unary calls. */
final class Replies {
  private Replies() {}

  /** Answers at once. */
  static <T> void reply(StreamObserver<T> out, T message) {
    out.onNext(message);
    out.onCompleted();
  }

  /**
   * Answers when the future ends: with what is made of its value, or with its failure. A failure to
   * make the answer is the call's failure too: a future swallows it, and the caller would wait for
   * ever.
   */
  static <V, T> void complete(
      CompletableFuture<V> future, StreamObserver<T> out, Function<V, T> mapper) {
    CompletableFuture<T> unused =
        future
            .thenApply(mapper)
            .whenComplete(
                (message, failure) -> {
                  if (failure == null) {
                    reply(out, message);
                  } else {
                    out.onError(Failures.toStatus(InferenceService.unwrap(failure)));
                  }
                });
  }
}
