package dev.slipway.cli.server;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.gateway.GatewayOptions;
import dev.slipway.runtime.config.ConfigProblems;
import dev.slipway.runtime.config.ServerOptions;
import dev.slipway.runtime.server.GrpcServerConfig;
import dev.slipway.runtime.server.ServerProcess;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Runs all services and the HTTP edge in one process. */
@Command(
    name = "server",
    mixinStandardHelpOptions = true,
    description = "Runs tracking, registry, artifact, serving and gateway in one process.")
public final class ServerCommand implements Callable<Integer> {
  /** The gRPC port that the suite listens on by default. */
  public static final int DEFAULT_PORT = 7100;

  private static final String NAME = "slipway";

  @Mixin private final ServerOptions server = new ServerOptions(DEFAULT_PORT);
  @Mixin private final SuiteOptions suite = new SuiteOptions();
  @Mixin private final GatewayOptions gateway = new GatewayOptions();
  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws InterruptedException {
    ConfigProblems problems = new ConfigProblems();
    GrpcServerConfig serverConfig = server.config(problems);
    EmbeddedSuite.Config config =
        suite.config(Optional.ofNullable(gateway.config(serverConfig, problems)), problems);
    problems.throwIfAny();
    try (suite) {
      suite.takeFolders();
      MetricRegistry metrics = new MetricRegistry();
      return ServerProcess.run(
          NAME,
          serverConfig,
          NAME,
          EmbeddedSuite.open(config, NAME, metrics, Clock.systemUTC()),
          metrics,
          spec.commandLine().getOut());
    }
  }
}
