package dev.slipway.cli.webhooks;

import dev.slipway.cli.client.ServiceCommand;
import dev.slipway.cli.client.TextTable;
import dev.slipway.registry.v1.ListWebhooksRequest;
import dev.slipway.registry.v1.ListWebhooksResponse;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import picocli.CommandLine.Command;

/** Lists webhooks. */
@Command(
    name = "list",
    aliases = "ls",
    mixinStandardHelpOptions = true,
    description = "Lists webhooks by name.")
final class ListCommand extends ServiceCommand {
  @Override
  protected void work(RegistryServiceBlockingStub registry) {
    TextTable table = WebhookText.table(out());
    eachPage(
        token ->
            registry.listWebhooks(ListWebhooksRequest.newBuilder().setPageToken(token).build()),
        ListWebhooksResponse::getNextPageToken,
        page -> printPage(table, page.getWebhooksList(), WebhookText::row));
  }
}
