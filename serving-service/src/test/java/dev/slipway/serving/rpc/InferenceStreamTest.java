package dev.slipway.serving.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.inference.GRPCInferenceServiceGrpc;
import dev.slipway.inference.InferParameter;
import dev.slipway.inference.ModelInferRequest;
import dev.slipway.inference.ModelStreamInferResponse;
import dev.slipway.registry.v1.Stage;
import dev.slipway.serving.testing.ServingHarness;
import dev.slipway.serving.v1.PredictRequest;
import dev.slipway.serving.v1.PredictStreamOpen;
import dev.slipway.serving.v1.PredictStreamRequest;
import dev.slipway.serving.v1.PredictStreamResponse;
import dev.slipway.serving.v1.ServingServiceGrpc;
import dev.slipway.serving.v1.Tensor;
import dev.slipway.serving.v1.Tensors;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InferenceStreamTest {
  @TempDir Path folder;

  private ServingHarness harness;

  @BeforeEach
  void start() {
    harness = new ServingHarness(folder);
    harness.addScripted("m", 10, "none", Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 1);
  }

  @AfterEach
  void stop() {
    harness.close();
  }

  /** Keeps what comes; done when the stream ends, with its status. */
  private static final class Collector<T> implements StreamObserver<T> {
    final List<T> replies = new CopyOnWriteArrayList<>();
    final CompletableFuture<Status> end = new CompletableFuture<>();

    @Override
    public void onNext(T reply) {
      replies.add(reply);
    }

    @Override
    public void onError(Throwable failure) {
      end.complete(Status.fromThrowable(failure));
    }

    @Override
    public void onCompleted() {
      end.complete(Status.OK);
    }
  }

  private static ModelInferRequest ask(String model, String id, float x) {
    return ServingHarness.ask(model, "", x).toBuilder().setId(id).build();
  }

  @Test
  void modelStreamInfer_errorInTheMiddle_isAnsweredWithItsIdAndTheStreamGoesOn() throws Exception {
    Collector<ModelStreamInferResponse> collector = new Collector<>();
    StreamObserver<ModelInferRequest> requests =
        GRPCInferenceServiceGrpc.newStub(harness.channel()).modelStreamInfer(collector);

    requests.onNext(ask("m", "first", 1));
    requests.onNext(ask("unknown", "second", 1));
    requests.onNext(ask("m", "third", 3));
    requests.onCompleted();

    assertThat(collector.end.get(10, TimeUnit.SECONDS).getCode()).isEqualTo(Status.Code.OK);
    assertThat(collector.replies)
        .extracting(reply -> reply.getInferResponse().getId())
        .containsExactly("first", "second", "third");
    assertThat(collector.replies.get(0).getErrorMessage()).isEmpty();
    assertThat(collector.replies.get(1).getErrorMessage())
        .startsWith("[NOT_FOUND] there is no model unknown");
    assertThat(collector.replies.get(1).getInferResponse().getOutputsList()).isEmpty();
    assertThat(ServingHarness.y(collector.replies.get(2).getInferResponse())).isEqualTo(13f);
  }

  @Test
  void modelStreamInfer_withTritonErrorHeader_endsWithTheStatus() throws Exception {
    Metadata headers = new Metadata();
    headers.put(Metadata.Key.of("triton_grpc_error", Metadata.ASCII_STRING_MARSHALLER), "true");
    Collector<ModelStreamInferResponse> collector = new Collector<>();
    StreamObserver<ModelInferRequest> requests =
        GRPCInferenceServiceGrpc.newStub(harness.channel())
            .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
            .modelStreamInfer(collector);

    requests.onNext(ask("unknown", "first", 1));

    assertThat(collector.end.get(10, TimeUnit.SECONDS).getCode()).isEqualTo(Status.Code.NOT_FOUND);
  }

  @Test
  void modelStreamInfer_manyRequests_areAnsweredInOrder() throws Exception {
    Collector<ModelStreamInferResponse> collector = new Collector<>();
    StreamObserver<ModelInferRequest> requests =
        GRPCInferenceServiceGrpc.newStub(harness.channel()).modelStreamInfer(collector);
    for (int i = 0; i < 500; i++) {
      requests.onNext(ask("m", Integer.toString(i), i));
    }
    requests.onCompleted();

    assertThat(collector.end.get(10, TimeUnit.SECONDS).getCode()).isEqualTo(Status.Code.OK);
    assertThat(collector.replies).hasSize(500);
    for (int i = 0; i < 500; i++) {
      assertThat(collector.replies.get(i).getInferResponse().getId())
          .isEqualTo(Integer.toString(i));
      assertThat(ServingHarness.y(collector.replies.get(i).getInferResponse())).isEqualTo(i + 10f);
    }
  }

  @Test
  void modelStreamInfer_whenAsked_marksTheFinalResponse() throws Exception {
    Collector<ModelStreamInferResponse> collector = new Collector<>();
    StreamObserver<ModelInferRequest> requests =
        GRPCInferenceServiceGrpc.newStub(harness.channel()).modelStreamInfer(collector);
    requests.onNext(
        ask("m", "1", 1).toBuilder()
            .putParameters(
                "triton_enable_empty_final_response",
                InferParameter.newBuilder().setBoolParam(true).build())
            .build());
    requests.onCompleted();

    assertThat(collector.end.get(10, TimeUnit.SECONDS).getCode()).isEqualTo(Status.Code.OK);
    assertThat(
            collector
                .replies
                .get(0)
                .getInferResponse()
                .getParametersMap()
                .get("triton_final_response")
                .getBoolParam())
        .isTrue();
  }

  private static PredictStreamRequest request(String model, float x) {
    return PredictStreamRequest.newBuilder()
        .setRequest(
            PredictRequest.newBuilder()
                .setModel(model)
                .setTensors(Tensors.newBuilder().addTensors(ServingServiceTest.floats("x", x))))
        .build();
  }

  @Test
  void predictStream_answersInOrderWithPositionsAndErrors() throws Exception {
    Collector<PredictStreamResponse> collector = new Collector<>();
    StreamObserver<PredictStreamRequest> requests =
        ServingServiceGrpc.newStub(harness.channel()).predictStream(collector);

    requests.onNext(
        PredictStreamRequest.newBuilder()
            .setOpen(PredictStreamOpen.newBuilder().setModel("m").setMaxInFlight(3))
            .build());
    for (int i = 0; i < 100; i++) {
      requests.onNext(request(i == 50 ? "unknown" : "", i));
    }
    requests.onCompleted();

    assertThat(collector.end.get(10, TimeUnit.SECONDS).getCode()).isEqualTo(Status.Code.OK);
    assertThat(collector.replies).hasSize(100);
    for (int i = 0; i < 100; i++) {
      PredictStreamResponse reply = collector.replies.get(i);
      assertThat(reply.getSequence()).isEqualTo(i);
      if (i == 50) {
        assertThat(reply.getError().getCode()).isEqualTo(Status.Code.NOT_FOUND.value());
      } else {
        Tensor y = reply.getResponse().getTensors().getTensors(0);
        assertThat(ServingServiceTest.floats(y)).containsExactly(i + 10f);
      }
    }
  }

  @Test
  void predictStream_withoutOpening_isRefused() throws Exception {
    Collector<PredictStreamResponse> collector = new Collector<>();
    StreamObserver<PredictStreamRequest> requests =
        ServingServiceGrpc.newStub(harness.channel()).predictStream(collector);

    requests.onNext(request("m", 1));

    assertThat(collector.end.get(10, TimeUnit.SECONDS).getCode())
        .isEqualTo(Status.Code.INVALID_ARGUMENT);
  }

  @Test
  void serverThatStops_answersWhatIsInFlightAndEndsTheStream() throws Exception {
    Collector<ModelStreamInferResponse> collector = new Collector<>();
    StreamObserver<ModelInferRequest> requests =
        GRPCInferenceServiceGrpc.newStub(harness.channel()).modelStreamInfer(collector);
    requests.onNext(ask("m", "first", 1));
    ServingHarness.await(() -> collector.replies.size() == 1);

    harness.stopServing();

    assertThat(collector.end.get(10, TimeUnit.SECONDS).getCode())
        .isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(collector.replies).hasSize(1);
  }
}
