package dev.slipway.cli.batch;

import dev.slipway.serving.v1.PredictRequest;
import dev.slipway.serving.v1.PredictStreamOpen;
import dev.slipway.serving.v1.PredictStreamRequest;
import dev.slipway.serving.v1.PredictStreamResponse;
import dev.slipway.serving.v1.ServingServiceGrpc.ServingServiceStub;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Is one stream of predictions, of which the caller takes as many replies as it has sent requests.
 * Of one thread.
 */
final class PredictionStream implements AutoCloseable {
  /** No longer than the requests that are unanswered, and the end. */
  private final BlockingQueue<Reply> replies = new LinkedBlockingQueue<>();

  private final ClientCallStreamObserver<PredictStreamRequest> requests;

  /**
   * Is what the server says.
   *
   * @param answer empty when the stream is over
   * @param end why it is over; empty when it is not
   */
  record Reply(Optional<PredictStreamResponse> answer, Optional<StatusRuntimeException> end) {}

  /** Opens a stream; that it cannot be opened is its first reply. */
  PredictionStream(ServingServiceStub serving, PredictStreamOpen open) {
    this.requests =
        (ClientCallStreamObserver<PredictStreamRequest>) serving.predictStream(new Receiver());
    requests.onNext(PredictStreamRequest.newBuilder().setOpen(open).build());
  }

  /** Puts what comes into the queue, on gRPC's threads. */
  private final class Receiver
      implements ClientResponseObserver<PredictStreamRequest, PredictStreamResponse> {
    @Override
    public void beforeStart(ClientCallStreamObserver<PredictStreamRequest> call) {
      // Nothing is set: the number of requests bounds what is buffered in both directions.
    }

    @Override
    public void onNext(PredictStreamResponse answer) {
      replies.add(new Reply(Optional.of(answer), Optional.empty()));
    }

    @Override
    public void onError(Throwable failure) {
      replies.add(
          new Reply(
              Optional.empty(),
              Optional.of(
                  failure instanceof StatusRuntimeException status
                      ? status
                      : Status.fromThrowable(failure).asRuntimeException())));
    }

    @Override
    public void onCompleted() {
      onError(
          Status.UNAVAILABLE.withDescription("the server ended the stream").asRuntimeException());
    }
  }

  /** Sends a request; on a stream that is over it goes nowhere. */
  void send(PredictRequest request) {
    requests.onNext(PredictStreamRequest.newBuilder().setRequest(request).build());
  }

  /** Waits for the next reply. */
  Reply take() throws InterruptedException {
    return replies.take();
  }

  /** Returns the next reply if it is there already. */
  Optional<Reply> poll() {
    return Optional.ofNullable(replies.poll());
  }

  /** Gives the stream up. */
  @Override
  public void close() {
    requests.cancel("the batch needs it no longer", null);
  }
}
