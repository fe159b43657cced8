package dev.slipway.cli.artifacts;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Groups the commands about artifacts. */
@Command(
    name = "artifacts",
    mixinStandardHelpOptions = true,
    description = "Works with files of the artifact service.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      ListCommand.class,
      UploadCommand.class,
      DownloadCommand.class,
      CatCommand.class,
      RemoveCommand.class,
      UrlCommand.class,
      FsckCommand.class
    })
public final class ArtifactsCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  /** Shows what there is to call. */
  @Override
  public Integer call() {
    spec.commandLine().usage(spec.commandLine().getErr());
    return ExitCode.USAGE;
  }
}
