package dev.slipway.gateway;

import com.codahale.metrics.MetricRegistry;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.gateway.artifacts.ArtifactsGroup;
import dev.slipway.gateway.http.HttpEdge;
import dev.slipway.gateway.http.RouteGroup;
import dev.slipway.gateway.inference.InferenceGroup;
import dev.slipway.gateway.mlflow.MlflowGroup;
import dev.slipway.gateway.upstream.Services;
import dev.slipway.runtime.server.ServiceModule;
import io.grpc.BindableService;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Is the HTTP edge as its process hosts it: no gRPC service, but an HTTP port from start to drain.
 */
public final class GatewayModule implements ServiceModule {
  private static final long HEALTH_TIMEOUT_MILLIS = 500;

  private final GatewayConfig config;
  private final GatewayPeers peers;
  private final MetricRegistry metrics;

  @GuardedBy("this")
  private HttpEdge edge;

  private GatewayModule(GatewayConfig config, GatewayPeers peers, MetricRegistry metrics) {
    this.config = config;
    this.peers = peers;
    this.metrics = metrics;
  }

  /** Prepares the edge; it listens from {@link #start} on. */
  public static GatewayModule open(
      GatewayConfig config, GatewayPeers peers, MetricRegistry metrics) {
    return new GatewayModule(config, peers, metrics);
  }

  @Override
  public String name() {
    return "gateway";
  }

  @Override
  public List<BindableService> services() {
    return List.of();
  }

  /**
   * Opens the HTTP port.
   *
   * @throws dev.slipway.runtime.server.StartupException if the port cannot be had
   */
  @Override
  public synchronized void start() {
    edge = HttpEdge.start(config, groups(), metrics);
  }

  /** What is served, one group for each protocol; MLflow comes last, since it owns the rest. */
  private List<RouteGroup> groups() {
    Services services = new Services(peers, config.requestTimeout());
    return List.of(
        new InferenceGroup(config, services),
        new ArtifactsGroup(services),
        new MlflowGroup(config, services));
  }

  /**
   * Returns the port that HTTP listens on.
   *
   * @throws IllegalStateException before the start
   */
  public synchronized int httpPort() {
    if (edge == null) {
      throw new IllegalStateException("the gateway has not started");
    }
    return edge.port();
  }

  @Override
  public Optional<String> address() {
    return Optional.of("http://" + config.host() + ":" + httpPort());
  }

  /** Returns whether tracking answers; without it no client of the gateway gets anywhere. */
  @Override
  public boolean ready() {
    return answers(peers.tracking(), "slipway.tracking.v1.TrackingService");
  }

  private static boolean answers(Channel channel, String service) {
    try {
      return HealthGrpc.newBlockingStub(channel)
              .withDeadlineAfter(HEALTH_TIMEOUT_MILLIS, TimeUnit.MILLISECONDS)
              .check(HealthCheckRequest.newBuilder().setService(service).build())
              .getStatus()
          == ServingStatus.SERVING;
    } catch (StatusRuntimeException e) {
      // In-process peers have no health service: this process tells their health itself.
      return e.getStatus().getCode() == Status.Code.UNIMPLEMENTED;
    }
  }

  /** Lets running requests end, while the services behind them still answer. */
  @Override
  public synchronized void drain() {
    if (edge != null) {
      edge.close();
    }
  }

  @Override
  public synchronized void close() {
    drain();
  }
}
