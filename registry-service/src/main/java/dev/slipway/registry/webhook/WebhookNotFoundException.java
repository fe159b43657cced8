package dev.slipway.registry.webhook;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that there is no such webhook. */
public final class WebhookNotFoundException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public WebhookNotFoundException(WebhookId id) {
    super(
        ErrorKind.NOT_FOUND,
        "WEBHOOK_NOT_FOUND",
        "there is no webhook " + id,
        Map.of("webhook_id", id.value()));
  }

  /** Creates the failure for a webhook that was created under this name and is gone. */
  public WebhookNotFoundException(String name) {
    super(
        ErrorKind.NOT_FOUND,
        "WEBHOOK_NOT_FOUND",
        "the webhook that was created as " + name + " has been deleted since",
        Map.of("name", name));
  }
}
