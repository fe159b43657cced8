package dev.slipway.gateway;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.config.Commands;
import dev.slipway.runtime.config.ConfigProblems;
import dev.slipway.runtime.config.ServerOptions;
import dev.slipway.runtime.server.Channels;
import dev.slipway.runtime.server.GrpcServerConfig;
import dev.slipway.runtime.server.ServerProcess;
import io.grpc.ManagedChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Runs the gateway alone. */
@Command(
    name = "gateway",
    mixinStandardHelpOptions = true,
    description = "Runs the HTTP edge: MLflow's REST interface over the services.")
public final class GatewayServer implements Callable<Integer> {
  /** The gRPC port, for health and reflection, that the gateway listens on by default. */
  public static final int DEFAULT_PORT = 7105;

  @Mixin private final ServerOptions server = new ServerOptions(DEFAULT_PORT);
  @Mixin private final GatewayOptions gateway = new GatewayOptions();
  @Spec private CommandSpec spec;

  @Option(
      names = "--tracking-address",
      paramLabel = "HOST:PORT",
      defaultValue = "127.0.0.1:7101",
      description = "Where the tracking service is. Default: ${DEFAULT-VALUE}.")
  private String trackingAddress;

  @Option(
      names = "--registry-address",
      paramLabel = "HOST:PORT",
      defaultValue = "127.0.0.1:7102",
      description = "Where the registry service is. Default: ${DEFAULT-VALUE}.")
  private String registryAddress;

  @Option(
      names = "--artifact-address",
      paramLabel = "HOST:PORT",
      defaultValue = "127.0.0.1:7103",
      description = "Where the artifact service is. Default: ${DEFAULT-VALUE}.")
  private String artifactAddress;

  @Option(
      names = "--serving-address",
      paramLabel = "HOST:PORT",
      defaultValue = "127.0.0.1:7104",
      description = "Where the serving service is. Default: ${DEFAULT-VALUE}.")
  private String servingAddress;

  private final List<ManagedChannel> channels = new ArrayList<>();

  /** Runs until told to stop, and exits. */
  public static void main(String[] args) {
    System.exit(Commands.of(new GatewayServer()).execute(args));
  }

  @Override
  public Integer call() throws InterruptedException {
    ConfigProblems problems = new ConfigProblems();
    GrpcServerConfig serverConfig = server.config(problems);
    GatewayConfig config = gateway.config(serverConfig, problems);
    GatewayPeers peers =
        new GatewayPeers(
            channel("--tracking-address", trackingAddress, problems),
            channel("--registry-address", registryAddress, problems),
            channel("--artifact-address", artifactAddress, problems),
            channel("--serving-address", servingAddress, problems));
    try {
      problems.throwIfAny();
      MetricRegistry metrics = new MetricRegistry();
      GatewayModule module = GatewayModule.open(config, peers, metrics);
      return ServerProcess.run(
          "gateway", serverConfig, "", List.of(module), metrics, spec.commandLine().getOut());
    } finally {
      channels.forEach(ManagedChannel::shutdownNow);
    }
  }

  private ManagedChannel channel(String flag, String address, ConfigProblems problems) {
    ManagedChannel channel =
        problems.check(flag, () -> Channels.to(address, server.maxMessageBytes()));
    if (channel != null) {
      channels.add(channel);
    }
    return channel;
  }
}
