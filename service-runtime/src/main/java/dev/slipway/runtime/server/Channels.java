package dev.slipway.runtime.server;

import io.grpc.ManagedChannel;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.netty.NettyChannelBuilder;
import java.util.concurrent.TimeUnit;

/** Makes channels to the other services of the suite, with the limits that their servers have. */
public final class Channels {
  private static final long KEEP_ALIVE_SECONDS = 30;

  private Channels() {}

  /**
   * Returns a channel to a service in another process. Connects lazily and reconnects by itself;
   * the caller shuts it down.
   *
   * @param address {@code host:port} or a gRPC target such as {@code dns:///tracking:7101}
   * @param maxMessageBytes largest message taken from the service, in bytes
   */
  public static ManagedChannel to(String address, int maxMessageBytes) {
    return NettyChannelBuilder.forTarget(address)
        .usePlaintext()
        .maxInboundMessageSize(maxMessageBytes)
        .keepAliveTime(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS)
        .build();
  }

  /** Returns a channel to the services of this process; the caller shuts it down. */
  public static ManagedChannel inProcess(String name) {
    return InProcessChannelBuilder.forName(name).build();
  }
}
