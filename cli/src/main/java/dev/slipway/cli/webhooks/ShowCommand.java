package dev.slipway.cli.webhooks;

import dev.slipway.cli.client.ServiceCommand;
import dev.slipway.registry.v1.GetWebhookRequest;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Shows a webhook. */
@Command(
    name = "show",
    mixinStandardHelpOptions = true,
    description = "Shows a webhook, without its secret.")
final class ShowCommand extends ServiceCommand {
  @Mixin private final WebhookArgument webhook = new WebhookArgument();

  @Override
  protected void work(RegistryServiceBlockingStub registry) {
    print(
        registry.getWebhook(
            GetWebhookRequest.newBuilder().setWebhookId(webhook.id(registry)).build()),
        found -> WebhookText.print(out(), found));
  }
}
