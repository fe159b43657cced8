package dev.slipway.registry.webhook;

import dev.slipway.registry.event.RegistryChange;
import dev.slipway.registry.event.RegistryDifference;

/** Is how messages are written and signed; the names are stored. */
public enum WebhookFormat {
  /** That of Standard Webhooks. */
  STANDARD("webhook-id", "webhook-timestamp", "webhook-signature"),
  /** That of MLflow's webhooks. */
  MLFLOW("x-mlflow-delivery-id", "x-mlflow-timestamp", "x-mlflow-signature");

  private final String idHeader;
  private final String timestampHeader;
  private final String signatureHeader;

  WebhookFormat(String idHeader, String timestampHeader, String signatureHeader) {
    this.idHeader = idHeader;
    this.timestampHeader = timestampHeader;
    this.signatureHeader = signatureHeader;
  }

  /**
   * Returns whether messages of this form can tell of a change. In MLflow's there is no word for
   * the protection of an alias, so nothing is sent where that alone has changed.
   */
  public boolean tells(WebhookEvent event, RegistryChange change) {
    return this != MLFLOW
        || !event.equals(WebhookEvent.ALIAS_SET)
        || !RegistryDifference.of(change).aliasesSet().isEmpty();
  }

  /** Returns the name of the header with the identifier of the message. */
  public String idHeader() {
    return idHeader;
  }

  /** Returns the name of the header with the time of the attempt, in seconds since 1970. */
  public String timestampHeader() {
    return timestampHeader;
  }

  /** Returns the name of the header with the signature. */
  public String signatureHeader() {
    return signatureHeader;
  }
}
