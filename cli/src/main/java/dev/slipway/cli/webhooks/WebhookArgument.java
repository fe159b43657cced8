package dev.slipway.cli.webhooks;

import dev.slipway.registry.v1.ListWebhooksRequest;
import dev.slipway.registry.v1.ListWebhooksResponse;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.registry.v1.Webhook;
import io.grpc.Status;
import java.util.Optional;
import java.util.regex.Pattern;
import picocli.CommandLine.Parameters;

/** Says which webhook is meant. A mixin of picocli; not thread-safe. */
final class WebhookArgument {
  private static final int PAGE = 1000;
  private static final Pattern IDENTIFIER = Pattern.compile("[0-9a-f]{32}");

  @Parameters(
      index = "0",
      paramLabel = "WEBHOOK",
      description = "The webhook: its name, or its identifier.")
  private String webhook;

  /** Returns the argument as it was given. */
  String given() {
    return webhook;
  }

  /**
   * Returns the identifier. What looks like one is taken for one; a name is looked up.
   *
   * @throws io.grpc.StatusRuntimeException if no webhook has the name, or the registry does not say
   */
  String id(RegistryServiceBlockingStub registry) {
    if (IDENTIFIER.matcher(webhook).matches()) {
      return webhook;
    }
    ListWebhooksRequest.Builder request = ListWebhooksRequest.newBuilder().setPageSize(PAGE);
    do {
      ListWebhooksResponse page = registry.listWebhooks(request.build());
      Optional<Webhook> found =
          page.getWebhooksList().stream()
              .filter(listed -> listed.getName().equals(webhook))
              .findFirst();
      if (found.isPresent()) {
        return found.get().getWebhookId();
      }
      request.setPageToken(page.getNextPageToken());
    } while (!request.getPageToken().isEmpty());
    throw Status.NOT_FOUND
        .withDescription("there is no webhook '%s': see slipway webhooks list".formatted(webhook))
        .asRuntimeException();
  }
}
