package dev.slipway.cli.registry;

import dev.slipway.cli.client.ModelSpec;
import dev.slipway.registry.v1.GetRegisteredModelRequest;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Shows a model, or a version. */
@Command(
    name = "show",
    mixinStandardHelpOptions = true,
    description = {
      "Shows a registered model, or one of its versions.",
      "",
      "  slipway models show digits",
      "  slipway models show digits/3",
      "  slipway models show digits@production --json"
    })
final class ShowCommand extends RegistryCall {
  @Parameters(
      index = "0",
      paramLabel = "MODEL",
      converter = ModelSpec.Converter.class,
      description = "The model, or a version of it: " + ModelSpec.FORMS + ".")
  private ModelSpec model;

  @Override
  void run(RegistryServiceBlockingStub registry) {
    if (model.namesVersion()) {
      print(resolve(registry, model), version -> ModelText.print(out(), version));
    } else {
      print(
          registry.getRegisteredModel(
              GetRegisteredModelRequest.newBuilder().setName(model.model()).build()),
          found -> ModelText.print(out(), found));
    }
  }
}
