package dev.slipway.cli.registry;

import dev.slipway.cli.client.TextTable;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.registry.v1.SearchRegisteredModelsRequest;
import dev.slipway.registry.v1.SearchRegisteredModelsResponse;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Lists models. */
@Command(
    name = "list",
    aliases = "ls",
    mixinStandardHelpOptions = true,
    description = {
      "Lists registered models with the versions in Staging and Production.",
      "",
      "  slipway models list",
      "  slipway models list --filter \"tags.team = 'vision' AND name LIKE 'dig%%'\""
    })
final class ListCommand extends RegistryCall {
  @Option(
      names = "--filter",
      paramLabel = "FILTER",
      defaultValue = "",
      description = "Only those: a condition over name and tags.KEY, as searches take it.")
  private String filter;

  @Option(
      names = "--order-by",
      paramLabel = "KEY",
      description =
          "name or last_updated_timestamp, with ASC or DESC; may be repeated. Default: name.")
  private List<String> orderBy = List.of();

  @Override
  void run(RegistryServiceBlockingStub registry) {
    SearchRegisteredModelsRequest.Builder request =
        SearchRegisteredModelsRequest.newBuilder().setFilter(filter).addAllOrderBy(orderBy);
    TextTable table = ModelText.models(out());
    eachPage(
        token -> registry.searchRegisteredModels(request.setPageToken(token).build()),
        SearchRegisteredModelsResponse::getNextPageToken,
        page -> printPage(table, page.getRegisteredModelsList(), ModelText::row));
  }
}
