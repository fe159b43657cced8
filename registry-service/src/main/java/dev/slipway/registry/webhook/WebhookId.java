package dev.slipway.registry.webhook;

import java.util.regex.Pattern;

/** Identifies a webhook: 32 lower-case hex digits. */
public record WebhookId(String value) {
  private static final Pattern FORM = Pattern.compile("[0-9a-f]{32}");

  /** Checks the form. */
  public WebhookId {
    if (!FORM.matcher(value).matches()) {
      throw new IllegalArgumentException("must be 32 lower-case hex digits");
    }
  }

  @Override
  public String toString() {
    return value;
  }
}
