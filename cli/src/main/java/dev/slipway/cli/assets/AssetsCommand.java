package dev.slipway.cli.assets;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Groups the commands about versioned assets. */
@Command(
    name = "assets",
    mixinStandardHelpOptions = true,
    description = {
      "Works with versioned assets: named files and folders whose versions never change.",
      "",
      "  slipway assets new vocabularies/english ./vocabulary",
      "  slipway assets update vocabularies/english ./vocabulary --bump-major",
      "  slipway assets fetch 'vocabularies/english:1[tokens.txt]'"
    },
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      NewCommand.class,
      UpdateCommand.class,
      ListCommand.class,
      ResolveCommand.class,
      FetchCommand.class
    })
public final class AssetsCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  /** Shows what there is to call. */
  @Override
  public Integer call() {
    spec.commandLine().usage(spec.commandLine().getErr());
    return ExitCode.USAGE;
  }
}
