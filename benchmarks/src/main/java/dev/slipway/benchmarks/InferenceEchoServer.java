package dev.slipway.benchmarks;

import com.google.protobuf.ByteString;
import dev.slipway.inference.GRPCInferenceServiceGrpc;
import dev.slipway.inference.ModelInferRequest;
import dev.slipway.inference.ModelInferResponse;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** Is the limit of predictions: gRPC that answers one number at once, with no model behind it. */
final class InferenceEchoServer extends GRPCInferenceServiceGrpc.GRPCInferenceServiceImplBase {
  /** Runs until killed. */
  public static void main(String[] args) throws Exception {
    Server server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .directExecutor()
            .addService(new InferenceEchoServer())
            .build()
            .start();
    System.out.println("ready on localhost:" + server.getPort());
    server.awaitTermination();
  }

  @Override
  public void modelInfer(ModelInferRequest request, StreamObserver<ModelInferResponse> observer) {
    observer.onNext(
        ModelInferResponse.newBuilder()
            .setModelName(request.getModelName())
            .addOutputs(
                ModelInferResponse.InferOutputTensor.newBuilder()
                    .setName("y")
                    .setDatatype("FP32")
                    .addShape(1)
                    .addShape(1))
            .addRawOutputContents(ByteString.copyFrom(new byte[Float.BYTES]))
            .build());
    observer.onCompleted();
  }
}
