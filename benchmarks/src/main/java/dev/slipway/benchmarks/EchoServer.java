package dev.slipway.benchmarks;

import dev.slipway.tracking.v1.LogBatchRequest;
import dev.slipway.tracking.v1.LogBatchResponse;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** Is the limit of small calls: gRPC that answers at once and does nothing. */
final class EchoServer extends TrackingServiceGrpc.TrackingServiceImplBase {
  /** Runs until killed. */
  public static void main(String[] args) throws Exception {
    Server server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .directExecutor()
            .addService(new EchoServer())
            .build()
            .start();
    System.out.println("ready on localhost:" + server.getPort());
    server.awaitTermination();
  }

  @Override
  public void logBatch(LogBatchRequest request, StreamObserver<LogBatchResponse> observer) {
    observer.onNext(LogBatchResponse.getDefaultInstance());
    observer.onCompleted();
  }
}
