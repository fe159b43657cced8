package dev.slipway.cli.webhooks;

import dev.slipway.cli.client.ServiceCommand;
import dev.slipway.cli.client.TextTable;
import dev.slipway.registry.v1.ListWebhookDeliveriesRequest;
import dev.slipway.registry.v1.ListWebhookDeliveriesResponse;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.registry.v1.WebhookDeliveryState;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Lists what was or is to be sent to a webhook. */
@Command(
    name = "deliveries",
    mixinStandardHelpOptions = true,
    description = {
      "Lists what was or is to be sent to a webhook, newest first.",
      "",
      "  slipway webhooks deliveries ci --state dead"
    })
final class DeliveriesCommand extends ServiceCommand {
  /** Is a state by the name that people give it. */
  private enum State {
    PENDING(WebhookDeliveryState.WEBHOOK_DELIVERY_STATE_PENDING),
    DELIVERED(WebhookDeliveryState.WEBHOOK_DELIVERY_STATE_DELIVERED),
    DEAD(WebhookDeliveryState.WEBHOOK_DELIVERY_STATE_DEAD),
    ANY(WebhookDeliveryState.WEBHOOK_DELIVERY_STATE_UNSPECIFIED);

    private final WebhookDeliveryState message;

    State(WebhookDeliveryState message) {
      this.message = message;
    }
  }

  @Mixin private final WebhookArgument webhook = new WebhookArgument();

  @Option(
      names = "--state",
      paramLabel = "STATE",
      defaultValue = "any",
      description =
          "pending; delivered; dead, which is given up; or any. Default: ${DEFAULT-VALUE}.")
  private State state;

  @Option(
      names = "--limit",
      paramLabel = "N",
      defaultValue = "100",
      description = "Only so many, 0 for all. Default: ${DEFAULT-VALUE}.")
  private long limit;

  @Override
  protected void work(RegistryServiceBlockingStub registry) {
    if (limit < 0) {
      throw usage("--limit (SLIPWAY_LIMIT): 0 or more");
    }
    ListWebhookDeliveriesRequest.Builder request =
        ListWebhookDeliveriesRequest.newBuilder()
            .setWebhookId(webhook.id(registry))
            .setState(state.message);
    TextTable table = DeliveryText.table(out());
    boolean more =
        beginning(
            limit,
            (token, size) ->
                registry.listWebhookDeliveries(
                    request.setPageToken(token).setPageSize(size).build()),
            ListWebhookDeliveriesResponse::getNextPageToken,
            page -> printPage(table, page.getDeliveriesList(), DeliveryText::row));
    if (more) {
      err().println("slipway: there is more: see --limit");
    }
  }
}
