package dev.slipway.serving.rpc;

import dev.slipway.inference.ModelInferRequest;
import dev.slipway.inference.ModelInferResponse;
import dev.slipway.inference.ModelStreamInferResponse;
import dev.slipway.serving.inference.InferenceResult;
import dev.slipway.serving.inference.InferenceService;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;

/**
 * Takes the requests of one Open Inference stream. A request that fails is answered as such and the
 * stream goes on.
 */
final class InferenceStreamObserver implements StreamObserver<ModelInferRequest> {
  private final InferenceService inference;
  private final OrderedReplies<ModelStreamInferResponse> replies;
  private final boolean failuresEndStream;

  InferenceStreamObserver(
      InferenceService inference,
      OrderedReplies<ModelStreamInferResponse> replies,
      boolean failuresEndStream) {
    this.inference = inference;
    this.replies = replies;
    this.failuresEndStream = failuresEndStream;
  }

  @Override
  public void onNext(ModelInferRequest request) {
    OrderedReplies<ModelStreamInferResponse>.Slot slot = replies.open();
    InferenceService.Receiver receiver =
        new InferenceService.Receiver() {
          @Override
          public void answered(InferenceResult result) {
            slot.complete(
                ModelStreamInferResponse.newBuilder()
                    .setInferResponse(
                        InferenceGrpcService.markFinal(
                            request, OpenInferenceProtos.answer(request, result)))
                    .build());
          }

          @Override
          public void failed(RuntimeException failure) {
            StatusRuntimeException status = Failures.toStatus(failure);
            if (failuresEndStream) {
              replies.fail(status);
              return;
            }
            ModelInferResponse empty =
                ModelInferResponse.newBuilder()
                    .setId(request.getId())
                    .setModelName(request.getModelName())
                    .setModelVersion(request.getModelVersion())
                    .build();
            slot.complete(
                ModelStreamInferResponse.newBuilder()
                    .setErrorMessage(InferenceGrpcService.describe(status))
                    .setInferResponse(InferenceGrpcService.markFinal(request, empty))
                    .build());
          }
        };
    try {
      inference.predict(OpenInferenceRequests.infer(request, CallContext.current()), receiver);
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
