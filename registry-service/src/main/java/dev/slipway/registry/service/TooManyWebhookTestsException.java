package dev.slipway.registry.service;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that the server waits for as many tested webhooks as it can. */
public final class TooManyWebhookTestsException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public TooManyWebhookTestsException(int limit) {
    super(
        ErrorKind.RESOURCE_EXHAUSTED,
        "TOO_MANY_WEBHOOK_TESTS",
        limit + " webhooks are being tested; try again in a moment",
        Map.of("limit", Integer.toString(limit)));
  }
}
