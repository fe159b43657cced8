package dev.slipway.cli.webhooks;

import dev.slipway.cli.client.ServiceCommand;
import dev.slipway.registry.v1.DeleteWebhookRequest;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Deletes a webhook. */
@Command(
    name = "delete",
    mixinStandardHelpOptions = true,
    description = "Deletes a webhook with its deliveries; what is being sent may still arrive.")
final class DeleteCommand extends ServiceCommand {
  @Mixin private final WebhookArgument webhook = new WebhookArgument();

  @Override
  protected void work(RegistryServiceBlockingStub registry) {
    print(
        registry.deleteWebhook(
            DeleteWebhookRequest.newBuilder().setWebhookId(webhook.id(registry)).build()),
        done -> out().println("Deleted " + webhook.given() + "."));
  }
}
