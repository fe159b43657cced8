package dev.slipway.cli.webhooks;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Groups the commands about webhooks. */
@Command(
    name = "webhooks",
    mixinStandardHelpOptions = true,
    description = {
      "Tells HTTP addresses of what happens in the registry, in signed messages.",
      "",
      "  slipway webhooks create ci https://ci.example/hook --event model_version.created",
      "  slipway webhooks test ci",
      "  slipway webhooks deliveries ci --state dead"
    },
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      CreateCommand.class,
      ListCommand.class,
      ShowCommand.class,
      UpdateCommand.class,
      DeleteCommand.class,
      TestCommand.class,
      DeliveriesCommand.class,
      RedeliverCommand.class
    })
public final class WebhooksCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  /** Shows what there is to call. */
  @Override
  public Integer call() {
    spec.commandLine().usage(spec.commandLine().getErr());
    return ExitCode.USAGE;
  }
}
