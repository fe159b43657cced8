package dev.slipway.cli.registry;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Groups the commands about stage policies. */
@Command(
    name = "policy",
    mixinStandardHelpOptions = true,
    description = {
      "Says who may move versions into a stage, who approves, and what is checked. A model's own"
          + " policy goes before the one for all models.",
      "",
      "  slipway models policy set --approvals 1 --approver-roles release-managers",
      "  slipway models policy set digits --check signature=backward --check"
          + " 'metrics=metrics.val_accuracy >= 0.95' --force-roles oncall",
      "  slipway models policy show digits"
    },
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      PolicySetCommand.class,
      PolicyShowCommand.class,
      PolicyListCommand.class,
      PolicyDeleteCommand.class
    })
final class PolicyCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    spec.commandLine().usage(spec.commandLine().getErr());
    return ExitCode.USAGE;
  }
}
