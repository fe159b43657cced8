package dev.slipway.cli;

import dev.slipway.artifact.ArtifactServer;
import dev.slipway.cli.artifacts.ArtifactsCommand;
import dev.slipway.cli.assets.AssetsCommand;
import dev.slipway.cli.batch.BatchCommand;
import dev.slipway.cli.call.CallCommand;
import dev.slipway.cli.gc.GcCommand;
import dev.slipway.cli.graph.GraphCommand;
import dev.slipway.cli.metrics.MetricsCommand;
import dev.slipway.cli.models.BenchCommand;
import dev.slipway.cli.models.DescribeCommand;
import dev.slipway.cli.models.PredictCommand;
import dev.slipway.cli.pipeline.PipelineCommand;
import dev.slipway.cli.quickstart.QuickstartCommand;
import dev.slipway.cli.registry.ModelsCommand;
import dev.slipway.cli.server.ServeCommand;
import dev.slipway.cli.server.ServerCommand;
import dev.slipway.cli.sync.SyncCommand;
import dev.slipway.cli.traffic.TrafficCommand;
import dev.slipway.cli.webhooks.WebhooksCommand;
import dev.slipway.gateway.GatewayServer;
import dev.slipway.registry.RegistryServer;
import dev.slipway.runtime.config.Commands;
import dev.slipway.serving.ServingServer;
import dev.slipway.tracking.TrackingServer;
import java.util.concurrent.Callable;
import org.slf4j.bridge.SLF4JBridgeHandler;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Is the {@code slipway} command. */
@Command(
    name = "slipway",
    description = "The life of a model over gRPC: tracking, registry, artifacts and serving.",
    mixinStandardHelpOptions = true,
    versionProvider = Slipway.Version.class,
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "Every flag has an environment twin: --data-dir is SLIPWAY_DATA_DIR.",
      "Start with: slipway quickstart"
    },
    subcommands = {
      QuickstartCommand.class,
      ServerCommand.class,
      ServeCommand.class,
      TrackingServer.class,
      RegistryServer.class,
      ArtifactServer.class,
      ServingServer.class,
      GatewayServer.class,
      ModelsCommand.class,
      WebhooksCommand.class,
      PredictCommand.class,
      BatchCommand.class,
      BenchCommand.class,
      DescribeCommand.class,
      CallCommand.class,
      ArtifactsCommand.class,
      MetricsCommand.class,
      SyncCommand.class,
      AssetsCommand.class,
      GcCommand.class,
      GraphCommand.class,
      PipelineCommand.class,
      TrafficCommand.class,
      HelpCommand.class
    })
public final class Slipway implements Callable<Integer> {
  @Spec private CommandSpec spec;

  private Slipway() {}

  /** Shows what there is to call. */
  @Override
  public Integer call() {
    spec.commandLine().usage(spec.commandLine().getErr());
    return ExitCode.USAGE;
  }

  /** Runs a command and exits with its code: 0 done, 1 failed, 2 wrong command line or setting. */
  public static void main(String[] args) {
    // gRPC logs through java.util.logging.
    SLF4JBridgeHandler.removeHandlersForRootLogger();
    SLF4JBridgeHandler.install();
    System.exit(Commands.of(command()).execute(args));
  }

  /** Returns the command with all its subcommands, for a command line of its own. */
  static Object command() {
    return new Slipway();
  }

  /** Tells the version that the build wrote into the jar. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Slipway.class.getPackage().getImplementationVersion();
      return new String[] {"slipway " + (version == null ? "(not packaged)" : version)};
    }
  }
}
