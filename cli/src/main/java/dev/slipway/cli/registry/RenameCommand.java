package dev.slipway.cli.registry;

import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.registry.v1.RenameRegisteredModelRequest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Gives a model a new name. */
@Command(
    name = "rename",
    mixinStandardHelpOptions = true,
    description = {
      "Gives a model a new name. Versions, stages, aliases, tags and history follow. A model keeps"
          + " its name while pipelines run a version of it.",
      "",
      "  slipway models rename digits handwriting"
    })
final class RenameCommand extends RegistryCall {
  @Parameters(index = "0", paramLabel = "NAME", description = "Present name.")
  private String name;

  @Parameters(index = "1", paramLabel = "NEW-NAME", description = "New name.")
  private String newName;

  @Override
  void run(RegistryServiceBlockingStub registry) {
    print(
        registry.renameRegisteredModel(
            RenameRegisteredModelRequest.newBuilder().setName(name).setNewName(newName).build()),
        model -> out().printf("%s is %s now.%n", name, model.getName()));
  }
}
