package dev.slipway.cli.registry;

import dev.slipway.cli.client.StageName;
import dev.slipway.registry.v1.Stage;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Says where a version is to go, and what happens to those that are there. A mixin of picocli. */
final class StageMove {
  @Option(
      names = "--to",
      paramLabel = "STAGE",
      converter = StageName.class,
      defaultValue = "production",
      description = "none, staging, production or archived. Default: ${DEFAULT-VALUE}.")
  private Stage stage;

  @Option(
      names = "--keep-existing",
      description =
          "Lets other versions stay where they are; refused where the stage takes one only."
              + " Default: they go to Archived in the same step.")
  private boolean keepExisting;

  @Mixin private final AuditComment comment = new AuditComment();

  Stage stage() {
    return stage;
  }

  boolean archivesExisting() {
    return !keepExisting && (stage == Stage.STAGE_STAGING || stage == Stage.STAGE_PRODUCTION);
  }

  String comment() {
    return comment.text();
  }
}
