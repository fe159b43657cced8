package dev.slipway.cli.server;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.artifact.ArtifactConfig;
import dev.slipway.artifact.ArtifactModule;
import dev.slipway.gateway.GatewayConfig;
import dev.slipway.gateway.GatewayModule;
import dev.slipway.gateway.GatewayPeers;
import dev.slipway.registry.RegistryConfig;
import dev.slipway.registry.RegistryModule;
import dev.slipway.runtime.server.Channels;
import dev.slipway.runtime.server.ServiceModule;
import dev.slipway.serving.ServingConfig;
import dev.slipway.serving.ServingModule;
import dev.slipway.tracking.TrackingConfig;
import dev.slipway.tracking.TrackingModule;
import io.grpc.BindableService;
import io.grpc.ManagedChannel;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * Opens the four services and the HTTP edge for one process. They reach each other through an
 * in-process channel with the very stubs that they use over the network.
 */
public final class EmbeddedSuite {
  private EmbeddedSuite() {}

  /**
   * Holds the settings of the services and of the edge.
   *
   * @param tracking settings of the tracking service
   * @param artifact settings of the artifact service
   * @param registry settings of the registry service
   * @param serving settings of the serving service
   * @param gateway settings of the HTTP edge; empty for none
   */
  public record Config(
      TrackingConfig tracking,
      ArtifactConfig artifact,
      RegistryConfig registry,
      ServingConfig serving,
      Optional<GatewayConfig> gateway) {}

  /**
   * Opens the services, or none of them.
   *
   * @param inProcessName name under which the process will serve them in-process
   * @return modules in dependency order, owned by the caller
   */
  public static List<ServiceModule> open(
      Config config, String inProcessName, MetricRegistry metrics, Clock clock) {
    ManagedChannel peers = Channels.inProcess(inProcessName);
    List<ServiceModule> modules = new ArrayList<>();
    modules.add(new PeerChannel(peers));
    try {
      modules.add(TrackingModule.open(config.tracking(), metrics, clock));
      modules.add(ArtifactModule.open(config.artifact(), metrics, clock));
      modules.add(RegistryModule.open(config.registry(), peers, peers, peers, metrics, clock));
      modules.add(ServingModule.open(config.serving(), peers, peers, peers, metrics, clock));
      config
          .gateway()
          .ifPresent(
              gateway ->
                  modules.add(GatewayModule.open(gateway, GatewayPeers.all(peers), metrics)));
      return modules;
    } catch (RuntimeException e) {
      Collections.reverse(modules);
      modules.forEach(ServiceModule::close);
      throw e;
    }
  }

  /** Closes the channel after all services that use it. */
  private static final class PeerChannel implements ServiceModule {
    private final ManagedChannel channel;

    PeerChannel(ManagedChannel channel) {
      this.channel = channel;
    }

    @Override
    public String name() {
      return "peers";
    }

    @Override
    public List<BindableService> services() {
      return List.of();
    }

    @Override
    public boolean ready() {
      return true;
    }

    @Override
    public void close() {
      channel.shutdownNow();
    }
  }
}
