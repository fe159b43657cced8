package dev.slipway.cli.webhooks;

import dev.slipway.cli.client.ServiceCommand;
import dev.slipway.registry.v1.RedeliverWebhookRequest;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Queues deliveries again. */
@Command(
    name = "redeliver",
    mixinStandardHelpOptions = true,
    description = {
      "Queues deliveries again, dead or delivered, with all their attempts. It ends at the first"
          + " that is refused; those before it are queued.",
      "",
      "  slipway webhooks redeliver ci \\",
      "    $(slipway webhooks deliveries ci --state dead --json | jq -r .delivery_id)"
    })
final class RedeliverCommand extends ServiceCommand {
  @Mixin private final WebhookArgument webhook = new WebhookArgument();

  @Parameters(
      index = "1..*",
      arity = "1..*",
      paramLabel = "DELIVERY",
      description = "Identifiers of deliveries.")
  private List<String> deliveries;

  @Override
  protected void work(RegistryServiceBlockingStub registry) {
    RedeliverWebhookRequest.Builder request =
        RedeliverWebhookRequest.newBuilder().setWebhookId(webhook.id(registry));
    for (String delivery : deliveries) {
      print(
          registry.redeliverWebhook(request.setDeliveryId(delivery).build()),
          queued -> DeliveryText.print(out(), queued));
    }
  }
}
