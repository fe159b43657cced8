package dev.slipway.cli.webhooks;

import dev.slipway.cli.client.ServiceCommand;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.registry.v1.TestWebhookRequest;
import dev.slipway.registry.v1.WebhookDelivery;
import dev.slipway.registry.v1.WebhookDeliveryState;
import dev.slipway.registry.v1.WebhookEvent;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Sends a made-up event to a webhook. */
@Command(
    name = "test",
    mixinStandardHelpOptions = true,
    description =
        "Sends a made-up event to a webhook at once, also when it is disabled, with one attempt."
            + " The exit code is 1 when the receiver does not take it.")
final class TestCommand extends ServiceCommand {
  @Mixin private final WebhookArgument webhook = new WebhookArgument();

  @Option(
      names = "--event",
      paramLabel = "EVENT",
      converter = EventName.class,
      description = "What to make up, ENTITY.ACTION. Default: the first of the webhook's events.")
  private WebhookEvent event;

  @Override
  protected void work(RegistryServiceBlockingStub registry) {
    TestWebhookRequest.Builder request =
        TestWebhookRequest.newBuilder().setWebhookId(webhook.id(registry));
    if (event != null) {
      request.setEvent(event);
    }
    WebhookDelivery delivery = registry.testWebhook(request.build());
    print(delivery, shown -> DeliveryText.print(out(), shown));
    if (delivery.getState() != WebhookDeliveryState.WEBHOOK_DELIVERY_STATE_DELIVERED) {
      answerNo();
    }
  }
}
