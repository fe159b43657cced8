package dev.slipway.registry.webhook;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that a webhook has no such delivery. */
public final class WebhookDeliveryNotFoundException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public WebhookDeliveryNotFoundException(WebhookId webhook, String deliveryId) {
    super(
        ErrorKind.NOT_FOUND,
        "WEBHOOK_DELIVERY_NOT_FOUND",
        "webhook %s has no delivery %s; old ones and tests are not kept"
            .formatted(webhook, deliveryId),
        Map.of("webhook_id", webhook.value(), "delivery_id", deliveryId));
  }
}
