package dev.slipway.serving;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.config.ConfigProblems;
import dev.slipway.runtime.config.ServerOptions;
import dev.slipway.runtime.server.Channels;
import dev.slipway.runtime.server.GrpcServerConfig;
import dev.slipway.runtime.server.ServerProcess;
import io.grpc.ManagedChannel;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Runs the serving service as a process of its own. */
@Command(
    name = "serving-server",
    description = "Serves predictions with the models of a registry.",
    mixinStandardHelpOptions = true)
public final class ServingServer implements Callable<Integer> {
  private static final int DEFAULT_PORT = 7104;

  @Spec private CommandSpec spec;

  @Mixin private ServerOptions server = new ServerOptions(DEFAULT_PORT);

  @Mixin private ServingOptions serving = new ServingOptions();

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
      names = "--data-dir",
      paramLabel = "DIR",
      defaultValue = "slipway-data",
      description = "Folder of this server's files. Default: ${DEFAULT-VALUE}.")
  private Path dataDir;

  @Override
  public Integer call() throws InterruptedException {
    ConfigProblems problems = new ConfigProblems();
    GrpcServerConfig serverConfig = server.config(problems);
    ServingConfig config = serving.config(dataDir.resolve("serving-cache"), problems);
    problems.throwIfAny();
    MetricRegistry metrics = new MetricRegistry();
    ManagedChannel registry = Channels.to(registryAddress, server.maxMessageBytes());
    ManagedChannel artifact = Channels.to(artifactAddress, server.maxMessageBytes());
    try {
      ServingModule module =
          ServingModule.open(config, registry, artifact, metrics, Clock.systemUTC());
      return ServerProcess.run(
          "serving", serverConfig, "", List.of(module), metrics, spec.commandLine().getOut());
    } finally {
      registry.shutdownNow();
      artifact.shutdownNow();
    }
  }
}
