package dev.slipway.registry.webhook;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that the name of a webhook is taken. */
public final class WebhookExistsException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public WebhookExistsException(String name) {
    super(
        ErrorKind.ALREADY_EXISTS,
        "WEBHOOK_EXISTS",
        "there is a webhook called " + name + " already; choose another name, or update it",
        Map.of("name", name));
  }
}
