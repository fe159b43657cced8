package dev.slipway.cli.pipeline;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Groups the commands about pipelines. */
@Command(
    name = "pipeline",
    mixinStandardHelpOptions = true,
    description = {
      "Makes pipelines: graphs of registered versions that are called like one model.",
      "",
      "  slipway pipeline new fraud --step embed=encoder/3 --step score=scorer@Production",
      "  slipway pipeline check fraud",
      "  slipway models register fraud ./fraud --create"
    },
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {NewCommand.class, CheckCommand.class})
public final class PipelineCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  /** Shows what there is to call. */
  @Override
  public Integer call() {
    spec.commandLine().usage(spec.commandLine().getErr());
    return ExitCode.USAGE;
  }
}
