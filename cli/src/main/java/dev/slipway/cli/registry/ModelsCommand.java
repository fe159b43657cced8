package dev.slipway.cli.registry;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Groups the commands about registered models. */
@Command(
    name = "models",
    mixinStandardHelpOptions = true,
    description = {
      "Works with registered models: their versions, stages, aliases and history.",
      "",
      "  slipway models register digits ./model --create",
      "  slipway models promote digits/1 --to staging",
      "  slipway models promote digits                     what is in Staging, to Production",
      "  slipway models rollback digits",
      "  slipway models activities digits"
    },
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      CreateCommand.class,
      ListCommand.class,
      ShowCommand.class,
      VersionsCommand.class,
      RegisterCommand.class,
      PromoteCommand.class,
      RequestCommand.class,
      ApproveCommand.class,
      RejectCommand.class,
      CancelCommand.class,
      RequestsCommand.class,
      RollbackCommand.class,
      AliasCommand.class,
      UnaliasCommand.class,
      DiffCommand.class,
      LineageCommand.class,
      CheckCommand.class,
      ReportCommand.class,
      PolicyCommand.class,
      WatchCommand.class,
      ActivitiesCommand.class,
      TagCommand.class,
      RenameCommand.class,
      DeleteCommand.class
    })
public final class ModelsCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  /** Shows what there is to call. */
  @Override
  public Integer call() {
    spec.commandLine().usage(spec.commandLine().getErr());
    return ExitCode.USAGE;
  }
}
