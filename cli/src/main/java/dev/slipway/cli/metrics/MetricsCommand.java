package dev.slipway.cli.metrics;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Groups the commands about metrics. */
@Command(
    name = "metrics",
    mixinStandardHelpOptions = true,
    description = "Works with the metrics of runs.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = ExportCommand.class)
public final class MetricsCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  /** Shows what there is to call. */
  @Override
  public Integer call() {
    spec.commandLine().usage(spec.commandLine().getErr());
    return ExitCode.USAGE;
  }
}
