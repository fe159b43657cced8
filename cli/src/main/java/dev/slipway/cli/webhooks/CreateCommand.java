package dev.slipway.cli.webhooks;

import dev.slipway.cli.client.ServiceCommand;
import dev.slipway.registry.v1.CreateWebhookRequest;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.registry.v1.Webhook;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Creates a webhook. */
@Command(
    name = "create",
    mixinStandardHelpOptions = true,
    description = {
      "Creates a webhook, which is told of events after this one. The key that the server makes for"
          + " its signatures is shown this once.",
      "",
      "  slipway webhooks create ci https://ci.example/hook --event model_version_stage --model"
          + " digits"
    })
final class CreateCommand extends ServiceCommand {
  @Parameters(index = "0", paramLabel = "NAME", description = "Name of the webhook.")
  private String name;

  @Parameters(index = "1", paramLabel = "URL", description = "Where messages are sent by POST.")
  private String url;

  @Mixin private final SettingsFlags settings = new SettingsFlags();

  @Override
  protected void work(RegistryServiceBlockingStub registry) throws IOException {
    Webhook.Builder webhook = Webhook.newBuilder().setName(name).setUrl(url);
    if (!settings.fill(webhook).contains("events")) {
      throw usage("give at least one --event");
    }
    print(
        registry.createWebhook(CreateWebhookRequest.newBuilder().setWebhook(webhook).build()),
        created -> WebhookText.print(out(), created));
  }
}
