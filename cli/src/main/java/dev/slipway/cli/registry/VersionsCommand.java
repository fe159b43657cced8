package dev.slipway.cli.registry;

import dev.slipway.cli.client.StageName;
import dev.slipway.cli.client.TextTable;
import dev.slipway.registry.v1.ListModelVersionsRequest;
import dev.slipway.registry.v1.ListModelVersionsResponse;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.registry.v1.Stage;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Lists the versions of a model. */
@Command(
    name = "versions",
    mixinStandardHelpOptions = true,
    description = {
      "Lists the versions of a model, newest first.",
      "",
      "  slipway models versions digits --stage archived"
    })
final class VersionsCommand extends RegistryCall {
  @Parameters(index = "0", paramLabel = "NAME", description = "Name of the model.")
  private String name;

  @Option(
      names = "--stage",
      paramLabel = "STAGE",
      converter = StageName.class,
      description = "Only those in this stage.")
  private Stage stage = Stage.STAGE_UNSPECIFIED;

  @Override
  void run(RegistryServiceBlockingStub registry) {
    ListModelVersionsRequest.Builder request =
        ListModelVersionsRequest.newBuilder().setName(name).setStage(stage);
    TextTable table = ModelText.versions(out());
    eachPage(
        token -> registry.listModelVersions(request.setPageToken(token).build()),
        ListModelVersionsResponse::getNextPageToken,
        page -> printPage(table, page.getModelVersionsList(), ModelText::row));
  }
}
