package dev.slipway.registry.webhook;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that a webhook sends nothing at present. */
public final class WebhookDisabledException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public WebhookDisabledException(WebhookId id) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "WEBHOOK_DISABLED",
        "webhook " + id + " is disabled; set its state to active first",
        Map.of("webhook_id", id.value()));
  }
}
