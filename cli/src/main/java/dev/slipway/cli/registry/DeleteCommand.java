package dev.slipway.cli.registry;

import dev.slipway.cli.client.ModelSpec;
import dev.slipway.registry.v1.DeleteModelVersionRequest;
import dev.slipway.registry.v1.DeleteRegisteredModelRequest;
import dev.slipway.registry.v1.ModelVersion;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Deletes a model, or a version. */
@Command(
    name = "delete",
    mixinStandardHelpOptions = true,
    description = {
      "Deletes a model with all its versions, or one version. There is no way back; the history"
          + " stays.",
      "Deleting what the checks of a stage compare others with takes a role that may force: see"
          + " 'slipway models policy'.",
      "",
      "  slipway models delete digits/2",
      "  slipway models delete digits"
    })
final class DeleteCommand extends RegistryCall {
  @Parameters(
      index = "0",
      paramLabel = "MODEL",
      converter = ModelSpec.Converter.class,
      description = "The model, or a version of it: " + ModelSpec.FORMS + ".")
  private ModelSpec model;

  @Option(names = "--force", description = "Also what is in Production. Default: that is refused.")
  private boolean force;

  @Override
  void run(RegistryServiceBlockingStub registry) {
    if (model.namesVersion()) {
      ModelVersion version = resolve(registry, model);
      print(
          registry.deleteModelVersion(
              DeleteModelVersionRequest.newBuilder()
                  .setName(version.getName())
                  .setVersion(version.getVersion())
                  .setForce(force)
                  .build()),
          done -> out().println("Deleted " + ModelText.name(version) + "."));
    } else {
      print(
          registry.deleteRegisteredModel(
              DeleteRegisteredModelRequest.newBuilder()
                  .setName(model.model())
                  .setForce(force)
                  .build()),
          done -> out().println("Deleted " + model.model() + " with all its versions."));
    }
  }
}
