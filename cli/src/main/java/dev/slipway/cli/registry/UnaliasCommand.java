package dev.slipway.cli.registry;

import dev.slipway.registry.v1.DeleteModelAliasRequest;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Deletes an alias. */
@Command(
    name = "unalias",
    mixinStandardHelpOptions = true,
    description = {
      "Deletes an alias of a model; one that is not there is passed over.",
      "",
      "  slipway models unalias digits champion"
    })
final class UnaliasCommand extends RegistryCall {
  @Parameters(index = "0", paramLabel = "NAME", description = "Name of the model.")
  private String name;

  @Parameters(index = "1", paramLabel = "ALIAS", description = "The alias.")
  private String alias;

  @Override
  void run(RegistryServiceBlockingStub registry) {
    print(
        registry.deleteModelAlias(
            DeleteModelAliasRequest.newBuilder().setName(name).setAlias(alias).build()),
        done -> out().printf("%s has no alias %s.%n", name, alias));
  }
}
