package dev.slipway.cli.webhooks;

import com.google.protobuf.FieldMask;
import dev.slipway.cli.client.ServiceCommand;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.registry.v1.UpdateWebhookRequest;
import dev.slipway.registry.v1.Webhook;
import java.io.IOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Changes a webhook. */
@Command(
    name = "update",
    mixinStandardHelpOptions = true,
    description = {
      "Changes what is given of a webhook; events and models take the place of those it had.",
      "",
      "  slipway webhooks update ci --state disabled",
      "  slipway webhooks update ci --event model_version_stage.updated --all-models"
    })
final class UpdateCommand extends ServiceCommand {
  @Mixin private final WebhookArgument webhook = new WebhookArgument();
  @Mixin private final SettingsFlags settings = new SettingsFlags();

  @Option(names = "--name", paramLabel = "NAME", description = "Its new name.")
  private String name;

  @Option(names = "--url", paramLabel = "URL", description = "Where messages are sent by POST.")
  private String url;

  @Option(names = "--all-models", description = "Tells of all models again.")
  private boolean allModels;

  @Override
  protected void work(RegistryServiceBlockingStub registry) throws IOException {
    if (allModels && settings.nameModels()) {
      throw usage("--all-models and --model exclude each other");
    }
    Webhook.Builder changed = Webhook.newBuilder();
    FieldMask.Builder mask = FieldMask.newBuilder().addAllPaths(settings.fill(changed));
    if (name != null) {
      changed.setName(name);
      mask.addPaths("name");
    }
    if (url != null) {
      changed.setUrl(url);
      mask.addPaths("url");
    }
    if (allModels) {
      mask.addPaths("model_names");
    }
    if (mask.getPathsCount() == 0) {
      throw usage("give what to change");
    }
    print(
        registry.updateWebhook(
            UpdateWebhookRequest.newBuilder()
                .setWebhook(changed.setWebhookId(webhook.id(registry)))
                .setUpdateMask(mask)
                .build()),
        updated -> WebhookText.print(out(), updated));
  }
}
