package dev.slipway.benchmarks;

import dev.slipway.tracking.v1.CreateRunRequest;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.util.List;
import java.util.stream.IntStream;

/** Connects to a server on this machine. */
final class Clients {
  private Clients() {}

  /**
   * Returns a connection of its own over TCP whose callbacks run on the transport's thread: what
   * the client spends is taken from the server's cores.
   */
  static ManagedChannel connect(int port) {
    return NettyChannelBuilder.forAddress("127.0.0.1", port)
        .usePlaintext()
        .directExecutor()
        .build();
  }

  /** Returns the ids of new runs. */
  static List<String> createRuns(int port, int count) {
    ManagedChannel channel = connect(port);
    try {
      TrackingServiceGrpc.TrackingServiceBlockingStub stub =
          TrackingServiceGrpc.newBlockingStub(channel);
      return IntStream.range(0, count)
          .mapToObj(i -> stub.createRun(CreateRunRequest.getDefaultInstance()))
          .map(run -> run.getInfo().getRunId())
          .toList();
    } finally {
      channel.shutdownNow();
    }
  }
}
