package dev.slipway.registry;

import dev.slipway.registry.actor.Caller;
import java.util.Set;

/**
 * Is how webhooks are set up.
 *
 * @param allowPrivate whether they may point to addresses of private and special networks
 * @param allowHttp whether they may be sent without TLS
 * @param roles any of them lets a caller change and test webhooks; empty: everyone may
 */
public record WebhookConfig(boolean allowPrivate, boolean allowHttp, Set<String> roles) {
  /** The setup where nothing is said. */
  public static final WebhookConfig DEFAULT = new WebhookConfig(false, false, Set.of());

  /** Copies and checks the roles. */
  public WebhookConfig {
    roles = Set.copyOf(roles);
    for (String role : roles) {
      if (!Caller.isRole(role)) {
        throw new IllegalArgumentException(
            "has " + role + "; roles are 1 to 64 of the characters A-Z a-z 0-9 . _ -");
      }
    }
  }
}
