package dev.slipway.registry.webhook;

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
