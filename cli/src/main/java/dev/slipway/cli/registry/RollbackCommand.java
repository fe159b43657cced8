package dev.slipway.cli.registry;

import dev.slipway.cli.client.StageName;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.registry.v1.RollbackStageRequest;
import dev.slipway.registry.v1.Stage;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Gives a stage back to the version that held it before. */
@Command(
    name = "rollback",
    mixinStandardHelpOptions = true,
    description = {
      "Gives a stage back to the version that held it before the present one, in one step. The"
          + " present one goes to Archived; a second rollback returns to it.",
      "",
      "  slipway models rollback digits --comment 'answers 9 for every 4'",
      "  slipway models rollback digits --expect 3         only if version 3 holds the stage"
    })
final class RollbackCommand extends RegistryCall {
  @Parameters(index = "0", paramLabel = "NAME", description = "Name of the model.")
  private String name;

  @Option(
      names = "--stage",
      paramLabel = "STAGE",
      converter = StageName.class,
      defaultValue = "production",
      description = "staging or production. Default: ${DEFAULT-VALUE}.")
  private Stage stage;

  @Option(
      names = "--expect",
      paramLabel = "VERSION",
      defaultValue = "0",
      description =
          "Only if this version holds the stage, so that the command can be repeated. Default:"
              + " whichever does.")
  private long expected;

  @Mixin private final AuditComment comment = new AuditComment();

  @Override
  void run(RegistryServiceBlockingStub registry) {
    print(
        registry.rollbackStage(
            RollbackStageRequest.newBuilder()
                .setName(name)
                .setStage(stage)
                .setExpectedCurrentVersion(expected)
                .setComment(comment.text())
                .build()),
        done ->
            out()
                .printf(
                    "%s is in %s again; %s went to Archived.%n",
                    ModelText.name(done.getModelVersion()),
                    StageName.of(stage),
                    ModelText.name(done.getArchivedVersion())));
  }
}
