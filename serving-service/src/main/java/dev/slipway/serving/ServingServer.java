package dev.slipway.serving;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.config.Commands;
import dev.slipway.runtime.config.ConfigProblems;
import dev.slipway.runtime.config.DataOptions;
import dev.slipway.runtime.config.ServerOptions;
import dev.slipway.runtime.server.Channels;
import dev.slipway.runtime.server.GrpcServerConfig;
import dev.slipway.runtime.server.ServerProcess;
import io.grpc.ManagedChannel;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Runs the serving service alone. */
@Command(
    name = "serving-server",
    mixinStandardHelpOptions = true,
    description = "Runs the serving service: predictions with the models of a registry over gRPC.")
public final class ServingServer implements Callable<Integer> {
  /** The port that the service listens on by default. */
  public static final int DEFAULT_PORT = 7104;

  @Mixin private final ServerOptions server = new ServerOptions(DEFAULT_PORT);
  @Mixin private final DataOptions data = new DataOptions();
  @Mixin private final ServingOptions serving = new ServingOptions();
  @Spec private CommandSpec spec;

  @Option(
      names = "--registry-address",
      paramLabel = "HOST:PORT",
      defaultValue = "127.0.0.1:7102",
      description = "Where the registry is. Default: ${DEFAULT-VALUE}.")
  private String registryAddress;

  @Option(
      names = "--artifact-address",
      paramLabel = "HOST:PORT",
      defaultValue = "127.0.0.1:7103",
      description = "Where the artifact service is. Default: ${DEFAULT-VALUE}.")
  private String artifactAddress;

  @Option(
      names = "--tracking-address",
      paramLabel = "HOST:PORT",
      defaultValue = "127.0.0.1:7101",
      description =
          "Where tracking is, which figures of traffic rules are logged to. Default:"
              + " ${DEFAULT-VALUE}.")
  private String trackingAddress;

  /** Runs until told to stop, and exits. */
  public static void main(String[] args) {
    System.exit(Commands.of(new ServingServer()).execute(args));
  }

  @Override
  public Integer call() throws InterruptedException {
    ConfigProblems problems = new ConfigProblems();
    GrpcServerConfig serverConfig = server.config(problems);
    ServingConfig config = serving.config(data.folder("serving").resolve("packages"), problems);
    ManagedChannel registry =
        problems.check(
            "--registry-address", () -> Channels.to(registryAddress, server.maxMessageBytes()));
    ManagedChannel artifact =
        problems.check(
            "--artifact-address", () -> Channels.to(artifactAddress, server.maxMessageBytes()));
    ManagedChannel tracking =
        problems.check(
            "--tracking-address", () -> Channels.to(trackingAddress, server.maxMessageBytes()));
    problems.throwIfAny();

    try (data) {
      data.take("serving");
      MetricRegistry metrics = new MetricRegistry();
      ServingModule module =
          ServingModule.open(config, registry, artifact, tracking, metrics, Clock.systemUTC());
      return ServerProcess.run(
          "serving-server",
          serverConfig,
          "",
          List.of(module),
          metrics,
          spec.commandLine().getOut());
    } finally {
      registry.shutdownNow();
      artifact.shutdownNow();
      tracking.shutdownNow();
    }
  }
}
