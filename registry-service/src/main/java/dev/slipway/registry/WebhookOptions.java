package dev.slipway.registry;

import dev.slipway.runtime.config.ConfigProblems;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Option;

/** Holds the flags about webhooks. A mixin of picocli; not thread-safe. */
public final class WebhookOptions {
  @Option(
      names = "--webhook-allow-private",
      description =
          "Lets webhooks point to addresses of private networks and of this machine. Whoever may"
              + " create webhooks can then reach them.")
  private boolean allowPrivate;

  @Option(
      names = "--webhook-allow-http",
      description = "Lets webhooks be sent over plain HTTP, where everyone on the way reads them.")
  private boolean allowHttp;

  @Option(
      names = "--webhook-roles",
      paramLabel = "ROLE",
      split = ",",
      description =
          "Roles of which a caller needs one to change and test webhooks. Default: everyone may.")
  private List<String> roles = new ArrayList<>();

  /** Returns the settings, noting what is wrong with them; not to be used after a problem. */
  WebhookConfig config(ConfigProblems problems) {
    return problems.check(
        "--webhook-roles", () -> new WebhookConfig(allowPrivate, allowHttp, Set.copyOf(roles)));
  }
}
