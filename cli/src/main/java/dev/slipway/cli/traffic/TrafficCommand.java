package dev.slipway.cli.traffic;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Groups the commands about traffic rules. */
@Command(
    name = "traffic",
    mixinStandardHelpOptions = true,
    description = {
      "Sends requests for a stage to other versions too: a canary answers a share of them, a shadow"
          + " is asked as well and compared, a pin answers in the stage's place for a while.",
      "",
      "  slipway traffic set digits --canary 7 --weight 0.1 --abort-errors 0.05",
      "  slipway traffic set digits --shadow next --sample-rate 1 --relative-tolerance 1e-5",
      "  slipway traffic show digits",
      "  slipway traffic end digits"
    },
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {SetCommand.class, ShowCommand.class, ListCommand.class, EndCommand.class})
public final class TrafficCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  /** Shows what there is to call. */
  @Override
  public Integer call() {
    spec.commandLine().usage(spec.commandLine().getErr());
    return ExitCode.USAGE;
  }
}
