package dev.slipway.artifact;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.config.Commands;
import dev.slipway.runtime.config.ConfigProblems;
import dev.slipway.runtime.config.DataOptions;
import dev.slipway.runtime.config.DatabaseOptions;
import dev.slipway.runtime.config.ServerOptions;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.server.GrpcServerConfig;
import dev.slipway.runtime.server.ServerProcess;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Runs the artifact service alone. */
@Command(
    name = "artifact-server",
    mixinStandardHelpOptions = true,
    description = "Runs the artifact service: files of runs and versions over gRPC.")
public final class ArtifactServer implements Callable<Integer> {
  /** The port that the service listens on by default. */
  public static final int DEFAULT_PORT = 7103;

  @Mixin private final ServerOptions server = new ServerOptions(DEFAULT_PORT);
  @Mixin private final DataOptions data = new DataOptions();
  @Mixin private final DatabaseOptions database = new DatabaseOptions();
  @Mixin private final ArtifactOptions artifacts = new ArtifactOptions();
  @Spec private CommandSpec spec;

  /** Runs until told to stop, and exits. */
  public static void main(String[] args) {
    System.exit(Commands.of(new ArtifactServer()).execute(args));
  }

  @Override
  public Integer call() throws InterruptedException {
    ConfigProblems problems = new ConfigProblems();
    GrpcServerConfig serverConfig = server.config(problems);
    DatabaseConfig databaseConfig =
        database.config(data.folder("artifact").resolve("artifact"), problems);
    ArtifactConfig config = artifacts.config(data.folder("artifact"), databaseConfig, problems);
    problems.throwIfAny();

    try (data) {
      data.take("artifact");
      MetricRegistry metrics = new MetricRegistry();
      ArtifactModule module = ArtifactModule.open(config, metrics, Clock.systemUTC());
      return ServerProcess.run(
          "artifact-server",
          serverConfig,
          "",
          List.of(module),
          metrics,
          spec.commandLine().getOut());
    }
  }
}
