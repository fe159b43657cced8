package dev.slipway.runtime.testing;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.server.Channels;
import dev.slipway.runtime.server.GrpcServer;
import dev.slipway.runtime.server.GrpcServerConfig;
import dev.slipway.runtime.server.ServiceModule;
import io.grpc.BindableService;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Runs services with the real interceptors around every test, and gives a channel to them.
 *
 * <p>Register it as an instance field with {@code @RegisterExtension}; the supplier is called
 * before each test, after {@code @TempDir} fields are filled.
 */
public final class GrpcServerExtension implements BeforeEachCallback, AfterEachCallback {
  private final Supplier<List<ServiceModule>> modules;
  private final boolean overNetty;
  private final int maxMessageBytes;
  private final MetricRegistry metrics = new MetricRegistry();
  private GrpcServer server;
  private ManagedChannel channel;

  private GrpcServerExtension(
      Supplier<List<ServiceModule>> modules, boolean overNetty, int maxMessageBytes) {
    this.modules = modules;
    this.overNetty = overNetty;
    this.maxMessageBytes = maxMessageBytes;
  }

  /** Returns an extension whose channel is in-process, for plain services. */
  public static GrpcServerExtension inProcess(BindableService... services) {
    return inProcess(() -> List.of(module(services)));
  }

  /** Returns an extension whose channel is in-process, for modules made anew before each test. */
  public static GrpcServerExtension inProcess(Supplier<List<ServiceModule>> modules) {
    return new GrpcServerExtension(modules, false, GrpcServerConfig.DEFAULT_MAX_MESSAGE_BYTES);
  }

  /** Returns an extension whose channel goes over Netty on a free port, for plain services. */
  public static GrpcServerExtension netty(int maxMessageBytes, BindableService... services) {
    return netty(maxMessageBytes, () -> List.of(module(services)));
  }

  /**
   * Returns an extension whose channel goes over Netty on a free port, for modules made anew before
   * each test.
   */
  public static GrpcServerExtension netty(
      int maxMessageBytes, Supplier<List<ServiceModule>> modules) {
    return new GrpcServerExtension(modules, true, maxMessageBytes);
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    String name = UUID.randomUUID().toString();
    server =
        GrpcServer.start(
            new GrpcServerConfig("127.0.0.1", 0, 0, maxMessageBytes, Duration.ofSeconds(5)),
            name,
            modules.get(),
            metrics);
    channel =
        overNetty
            ? NettyChannelBuilder.forAddress("127.0.0.1", server.port())
                .usePlaintext()
                .maxInboundMessageSize(Integer.MAX_VALUE)
                .build()
            : Channels.inProcess(name);
  }

  @Override
  public void afterEach(ExtensionContext context) throws InterruptedException {
    channel.shutdownNow();
    channel.awaitTermination(5, TimeUnit.SECONDS);
    server.close();
  }

  /** Returns the channel to the services. */
  public ManagedChannel channel() {
    return channel;
  }

  /** Returns the server. */
  public GrpcServer server() {
    return server;
  }

  /** Returns the metrics that the services wrote. */
  public MetricRegistry metrics() {
    return metrics;
  }

  private static ServiceModule module(BindableService... services) {
    return new ServiceModule() {
      @Override
      public String name() {
        return "test";
      }

      @Override
      public List<BindableService> services() {
        return List.of(services);
      }

      @Override
      public boolean ready() {
        return true;
      }

      @Override
      public void close() {}
    };
  }
}
