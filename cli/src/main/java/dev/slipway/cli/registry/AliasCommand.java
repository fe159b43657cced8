package dev.slipway.cli.registry;

import dev.slipway.cli.client.ModelSpec;
import dev.slipway.registry.v1.ModelVersion;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.registry.v1.SetModelAliasRequest;
import dev.slipway.registry.v1.SetModelAliasResponse;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Points an alias to a version. */
@Command(
    name = "alias",
    mixinStandardHelpOptions = true,
    description = {
      "Points an alias to a version, whether or not the alias is there already.",
      "",
      "  slipway models alias digits/3 champion",
      "  slipway models alias digits@champion champion --protect release-managers --roles"
          + " release-managers"
    })
final class AliasCommand extends RegistryCall {
  @Parameters(
      index = "0",
      paramLabel = "MODEL",
      converter = ModelSpec.Converter.class,
      description = "The version: " + ModelSpec.FORMS + ".")
  private ModelSpec model;

  @Parameters(index = "1", paramLabel = "ALIAS", description = "The alias.")
  private String alias;

  @Option(
      names = "--protect",
      paramLabel = "ROLE",
      description =
          "Role that may move the alias from now on, which the caller needs too; '' lets everybody."
              + " Default: as it was.")
  private String role;

  @Override
  void run(RegistryServiceBlockingStub registry) {
    requireVersion(model);
    ModelVersion version = resolve(registry, model);
    SetModelAliasRequest.Builder request =
        SetModelAliasRequest.newBuilder()
            .setName(version.getName())
            .setAlias(alias)
            .setVersion(version.getVersion());
    if (role != null) {
      request.setProtectedByRole(role);
    }
    print(registry.setModelAlias(request.build()), done -> tell(version, done));
  }

  private void tell(ModelVersion version, SetModelAliasResponse done) {
    long before = done.getPreviousVersion();
    out()
        .printf(
            "%s@%s is version %d%s.%n",
            version.getName(),
            alias,
            done.getAlias().getVersion(),
            before == 0 || before == done.getAlias().getVersion() ? "" : ", it was " + before);
  }
}
