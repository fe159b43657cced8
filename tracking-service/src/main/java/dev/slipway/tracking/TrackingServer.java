package dev.slipway.tracking;

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

/** Runs the tracking service alone. */
@Command(
    name = "tracking-server",
    mixinStandardHelpOptions = true,
    description = "Runs the tracking service: experiments, runs and metric streams over gRPC.")
public final class TrackingServer implements Callable<Integer> {
  /** The port that the service listens on by default. */
  public static final int DEFAULT_PORT = 7101;

  @Mixin private final ServerOptions server = new ServerOptions(DEFAULT_PORT);
  @Mixin private final DataOptions data = new DataOptions();
  @Mixin private final DatabaseOptions database = new DatabaseOptions();
  @Mixin private final TrackingOptions tracking = new TrackingOptions();
  @Spec private CommandSpec spec;

  /** Runs until told to stop, and exits. */
  public static void main(String[] args) {
    System.exit(Commands.of(new TrackingServer()).execute(args));
  }

  @Override
  public Integer call() throws InterruptedException {
    ConfigProblems problems = new ConfigProblems();
    GrpcServerConfig serverConfig = server.config(problems);
    DatabaseConfig databaseConfig =
        database.config(data.folder("tracking").resolve("tracking"), problems);
    TrackingConfig config = tracking.config(databaseConfig, problems);
    problems.throwIfAny();

    try (data) {
      if (database.embedded()) {
        data.take("tracking");
      }
      MetricRegistry metrics = new MetricRegistry();
      TrackingModule module = TrackingModule.open(config, metrics, Clock.systemUTC());
      return ServerProcess.run(
          "tracking-server",
          serverConfig,
          "",
          List.of(module),
          metrics,
          spec.commandLine().getOut());
    }
  }
}
