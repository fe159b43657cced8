package dev.slipway.cli.registry;

import dev.slipway.registry.v1.CreateRegisteredModelRequest;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Creates a model without versions. */
@Command(
    name = "create",
    mixinStandardHelpOptions = true,
    description = {
      "Creates a registered model, which has no versions yet.",
      "",
      "  slipway models create digits --tag team=vision"
    })
final class CreateCommand extends RegistryCall {
  @Parameters(index = "0", paramLabel = "NAME", description = "Name of the model.")
  private String name;

  @Option(
      names = "--description",
      paramLabel = "MARKDOWN",
      defaultValue = "",
      description = "Text for people.")
  private String description;

  @Option(names = "--tag", paramLabel = "KEY=VALUE", description = "A tag; may be repeated.")
  private Map<String, String> tags = Map.of();

  @Override
  void run(RegistryServiceBlockingStub registry) {
    print(
        registry.createRegisteredModel(
            CreateRegisteredModelRequest.newBuilder()
                .setName(name)
                .setDescription(description)
                .putAllTags(tags)
                .build()),
        model -> out().println("Created " + model.getName() + "."));
  }
}
