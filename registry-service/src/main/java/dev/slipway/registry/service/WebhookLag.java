package dev.slipway.registry.service;

import com.codahale.metrics.CachedGauge;
import dev.slipway.registry.store.WebhookDeliveryStore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Measures how many revisions the slowest active webhook is behind, every ten seconds at most; -1
 * while the database does not say. Thread-safe.
 */
public final class WebhookLag extends CachedGauge<Long> {
  private static final Logger log = LoggerFactory.getLogger(WebhookLag.class);

  private static final long MEASURED_SECONDS = 10;
  private static final long UNKNOWN = -1;

  private final WebhookDeliveryStore deliveries;

  /** Creates the gauge. */
  public WebhookLag(WebhookDeliveryStore deliveries) {
    super(MEASURED_SECONDS, TimeUnit.SECONDS);
    this.deliveries = deliveries;
  }

  @Override
  protected Long loadValue() {
    try {
      return deliveries.lag();
    } catch (RuntimeException e) {
      log.debug("the lag of webhooks is not known now", e);
      return UNKNOWN;
    }
  }
}
