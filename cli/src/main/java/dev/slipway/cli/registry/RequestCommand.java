package dev.slipway.cli.registry;

import dev.slipway.cli.client.ModelSpec;
import dev.slipway.registry.v1.CreateTransitionRequestRequest;
import dev.slipway.registry.v1.ModelVersion;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Asks others to let a version into a stage. */
@Command(
    name = "request",
    mixinStandardHelpOptions = true,
    description = {
      "Asks for a version to be moved into a stage whose policy wants approvals. The stage's checks"
          + " are run, and those who decide see what they found.",
      "",
      "  slipway models request digits/3 --comment 'two points better on new data'"
    })
final class RequestCommand extends RegistryCall {
  @Parameters(
      index = "0",
      paramLabel = "MODEL",
      converter = ModelSpec.Converter.class,
      description = "The version: " + ModelSpec.FORMS + ".")
  private ModelSpec model;

  @Mixin private final StageMove move = new StageMove();

  @Override
  void run(RegistryServiceBlockingStub registry) {
    requireVersion(model);
    ModelVersion version = resolve(registry, model);
    print(
        registry.createTransitionRequest(
            CreateTransitionRequestRequest.newBuilder()
                .setName(version.getName())
                .setVersion(version.getVersion())
                .setStage(move.stage())
                .setArchiveExistingVersions(move.archivesExisting())
                .setComment(move.comment())
                .build()),
        request -> RequestText.print(out(), request));
  }
}
