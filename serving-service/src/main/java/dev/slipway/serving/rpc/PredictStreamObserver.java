package dev.slipway.serving.rpc;

import dev.slipway.runtime.error.InvalidRequestException;
import dev.slipway.serving.inference.InferenceResult;
import dev.slipway.serving.inference.InferenceService;
import dev.slipway.serving.v1.PredictRequest;
import dev.slipway.serving.v1.PredictStreamOpen;
import dev.slipway.serving.v1.PredictStreamRequest;
import dev.slipway.serving.v1.PredictStreamResponse;
import io.grpc.stub.StreamObserver;
import java.util.Optional;

/**
 * Takes the requests of one prediction stream. A request that fails is answered as such and the
 * stream goes on.
 */
final class PredictStreamObserver implements StreamObserver<PredictStreamRequest> {
  private static final int DEFAULT_IN_FLIGHT = 64;

  private final InferenceService inference;
  private final OrderedReplies<PredictStreamResponse> replies;
  private Optional<PredictStreamOpen> open = Optional.empty();
  private long sequence;

  PredictStreamObserver(InferenceService inference, OrderedReplies<PredictStreamResponse> replies) {
    this.inference = inference;
    this.replies = replies;
  }

  @Override
  public void onNext(PredictStreamRequest message) {
    try {
      take(message);
    } catch (InvalidRequestException e) {
      replies.fail(Failures.toStatus(e));
    }
  }

  private void take(PredictStreamRequest message) {
    switch (message.getMessageCase()) {
      case OPEN -> {
        if (open.isPresent()) {
          throw InvalidRequestException.of("open", "comes first and only once");
        }
        open(message.getOpen());
      }
      case REQUEST -> {
        if (open.isEmpty()) {
          throw InvalidRequestException.of("open", "must be the first message");
        }
        predict(ServingRequests.merge(open.get(), message.getRequest()));
      }
      case MESSAGE_NOT_SET ->
          throw InvalidRequestException.of("message", "is required: open or request");
    }
  }

  private void open(PredictStreamOpen opening) {
    int inFlight = opening.getMaxInFlight();
    if (inFlight < 0) {
      throw InvalidRequestException.of(
          "open.max_in_flight", "must be 0 (the default of 64) or more");
    }
    open = Optional.of(opening);
    replies.limitTo(inFlight == 0 ? DEFAULT_IN_FLIGHT : inFlight);
    replies.passedOver();
  }

  private void predict(PredictRequest request) {
    long position = sequence++;
    long arrived = System.nanoTime();
    OrderedReplies<PredictStreamResponse>.Slot slot = replies.open();
    PredictStreamResponse.Builder reply =
        PredictStreamResponse.newBuilder().setSequence(position).setId(request.getId());
    InferenceService.Receiver receiver =
        new InferenceService.Receiver() {
          @Override
          public void answered(InferenceResult result) {
            slot.complete(
                reply.setResponse(ServingProtos.answer(request, result, arrived)).build());
          }

          @Override
          public void failed(RuntimeException failure) {
            slot.complete(reply.setError(Failures.toProto(Failures.toStatus(failure))).build());
          }
        };
    try {
      inference.predict(ServingRequests.predict(request, CallContext.current()), receiver);
    } catch (RuntimeException e) {
      receiver.failed(e);
    }
  }

  @Override
  public void onError(Throwable failure) {
    // The caller has gone; the replies know by their cancel handler.
  }

  @Override
  public void onCompleted() {
    replies.halfClosed();
  }
}
