package dev.slipway.registry.webhook;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Is the key that signs what a webhook sends, in the form of <a
 * href="https://www.standardwebhooks.com">Standard Webhooks</a>. Never printed.
 *
 * @param base64 {@value #MIN_BYTES} to {@value #MAX_BYTES} bytes in base64, without prefix
 */
public record WebhookSecret(String base64) {
  /** The fewest bytes of a key. */
  public static final int MIN_BYTES = 24;

  /** The most bytes of a key. */
  public static final int MAX_BYTES = 64;

  private static final String PREFIX = "whsec_";
  private static final String ALGORITHM = "HmacSHA256";
  private static final String VERSION = "v1,";
  private static final int GENERATED_BYTES = 32;

  /** Checks the key. */
  public WebhookSecret {
    int length;
    try {
      length = Base64.getDecoder().decode(base64).length;
    } catch (IllegalArgumentException e) {
      // The decoder's message would quote the key.
      throw new IllegalArgumentException("must be base64, with or without the prefix whsec_");
    }
    if (length < MIN_BYTES || length > MAX_BYTES) {
      throw new IllegalArgumentException(
          "has %d bytes; must have %d to %d".formatted(length, MIN_BYTES, MAX_BYTES));
    }
  }

  /** Reads the text form, with or without the prefix {@code whsec_}. */
  public static WebhookSecret parse(String text) {
    return new WebhookSecret(text.startsWith(PREFIX) ? text.substring(PREFIX.length()) : text);
  }

  /** Makes a new key. */
  public static WebhookSecret generate(SecureRandom random) {
    byte[] key = new byte[GENERATED_BYTES];
    random.nextBytes(key);
    return new WebhookSecret(Base64.getEncoder().encodeToString(key));
  }

  /** Returns the text form with its prefix, for whoever is to keep it. */
  public String reveal() {
    return PREFIX + base64;
  }

  /**
   * Returns the value of the header {@code webhook-signature}: the key's HMAC-SHA256 of id, time in
   * seconds and body, joined by dots.
   */
  public String sign(String messageId, Instant time, String body) {
    String signed = messageId + "." + time.getEpochSecond() + "." + body;
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(new SecretKeySpec(Base64.getDecoder().decode(base64), ALGORITHM));
      byte[] digest = mac.doFinal(signed.getBytes(StandardCharsets.UTF_8));
      return VERSION + Base64.getEncoder().encodeToString(digest);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has " + ALGORITHM, e);
    }
  }

  @Override
  public String toString() {
    return "WebhookSecret[hidden]";
  }
}
