package dev.slipway.cli.webhooks;

import dev.slipway.cli.client.ServiceCommand;
import dev.slipway.registry.v1.CreateWebhookRequest;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.registry.v1.Webhook;
import dev.slipway.registry.v1.WebhookFormat;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
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
  /** Is a format by the name that people give it. */
  private enum Format {
    STANDARD(WebhookFormat.WEBHOOK_FORMAT_STANDARD),
    MLFLOW(WebhookFormat.WEBHOOK_FORMAT_MLFLOW);

    private final WebhookFormat message;

    Format(WebhookFormat message) {
      this.message = message;
    }
  }

  @Parameters(index = "0", paramLabel = "NAME", description = "Name of the webhook.")
  private String name;

  @Parameters(index = "1", paramLabel = "URL", description = "Where messages are sent by POST.")
  private String url;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      defaultValue = "standard",
      description =
          "How messages are written and signed: standard, as Standard Webhooks says, or mlflow, for"
              + " receivers made for MLflow. It never changes. Default: ${DEFAULT-VALUE}.")
  private Format format;

  @Mixin private final SettingsFlags settings = new SettingsFlags();

  @Override
  protected void work(RegistryServiceBlockingStub registry) throws IOException {
    Webhook.Builder webhook =
        Webhook.newBuilder().setName(name).setUrl(url).setFormat(format.message);
    if (!settings.fill(webhook).contains("events")) {
      throw usage("give at least one --event");
    }
    print(
        registry.createWebhook(CreateWebhookRequest.newBuilder().setWebhook(webhook).build()),
        created -> WebhookText.print(out(), created));
  }
}
