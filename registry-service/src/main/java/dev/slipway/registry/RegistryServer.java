package dev.slipway.registry;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.config.Commands;
import dev.slipway.runtime.config.ConfigProblems;
import dev.slipway.runtime.config.DataOptions;
import dev.slipway.runtime.config.DatabaseOptions;
import dev.slipway.runtime.config.ServerOptions;
import dev.slipway.runtime.database.DatabaseConfig;
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

/** Runs the registry service alone. */
@Command(
    name = "registry-server",
    mixinStandardHelpOptions = true,
    description =
        "Runs the registry service: models, versions, stages and their change feed over gRPC.")
public final class RegistryServer implements Callable<Integer> {
  /** The port that the service listens on by default. */
  public static final int DEFAULT_PORT = 7102;

  @Mixin private final ServerOptions server = new ServerOptions(DEFAULT_PORT);
  @Mixin private final DataOptions data = new DataOptions();
  @Mixin private final DatabaseOptions database = new DatabaseOptions();
  @Mixin private final RegistryOptions registry = new RegistryOptions();
  @Spec private CommandSpec spec;

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
      description = "Where the tracking service is. Default: ${DEFAULT-VALUE}.")
  private String trackingAddress;

  @Option(
      names = "--serving-address",
      paramLabel = "HOST:PORT",
      defaultValue = "127.0.0.1:7104",
      description =
          "Where the serving service is, which runs golden requests. Default: ${DEFAULT-VALUE}.")
  private String servingAddress;

  /** Runs until told to stop, and exits. */
  public static void main(String[] args) {
    System.exit(Commands.of(new RegistryServer()).execute(args));
  }

  @Override
  public Integer call() throws InterruptedException {
    ConfigProblems problems = new ConfigProblems();
    GrpcServerConfig serverConfig = server.config(problems);
    DatabaseConfig databaseConfig =
        database.config(data.folder("registry").resolve("registry"), problems);
    RegistryConfig config = registry.config(databaseConfig, problems);
    ManagedChannel artifact =
        problems.check(
            "--artifact-address", () -> Channels.to(artifactAddress, server.maxMessageBytes()));
    ManagedChannel tracking =
        problems.check(
            "--tracking-address", () -> Channels.to(trackingAddress, server.maxMessageBytes()));
    ManagedChannel serving =
        problems.check(
            "--serving-address", () -> Channels.to(servingAddress, server.maxMessageBytes()));
    problems.throwIfAny();

    try (data) {
      if (database.embedded()) {
        data.take("registry");
      }
      MetricRegistry metrics = new MetricRegistry();
      RegistryModule module =
          RegistryModule.open(config, artifact, tracking, serving, metrics, Clock.systemUTC());
      return ServerProcess.run(
          "registry-server",
          serverConfig,
          "",
          List.of(module),
          metrics,
          spec.commandLine().getOut());
    } finally {
      artifact.shutdownNow();
      tracking.shutdownNow();
      serving.shutdownNow();
    }
  }
}
