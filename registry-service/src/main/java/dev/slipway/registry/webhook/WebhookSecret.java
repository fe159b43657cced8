package dev.slipway.registry.webhook;

import dev.slipway.runtime.error.InvalidValueException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Is the key that signs what a webhook sends, as its format has it. Never printed.
 *
 * @param text of {@link WebhookFormat#STANDARD}: {@value #MIN_BYTES} to {@value #MAX_BYTES} bytes
 *     in base64, without prefix; of {@link WebhookFormat#MLFLOW}: 1 to {@value #MAX_CHARACTERS}
 *     characters, whose UTF-8 bytes are the key
 */
public record WebhookSecret(WebhookFormat format, String text) {
  /** The fewest bytes of a key of Standard Webhooks. */
  public static final int MIN_BYTES = 24;

  /** The most bytes of a key of Standard Webhooks. */
  public static final int MAX_BYTES = 64;

  /** The most characters of a key in MLflow's form. */
  public static final int MAX_CHARACTERS = 512;

  private static final String PREFIX = "whsec_";
  private static final String ALGORITHM = "HmacSHA256";
  private static final String VERSION = "v1,";
  private static final int GENERATED_BYTES = 32;

  /** Checks the key. */
  public WebhookSecret {
    switch (format) {
      case STANDARD -> requireBase64(text);
      case MLFLOW -> requireText(text);
    }
  }

  private static void requireBase64(String text) {
    int length;
    try {
      length = Base64.getDecoder().decode(text).length;
    } catch (IllegalArgumentException e) {
      // The decoder's message would quote the key.
      throw new IllegalArgumentException("must be base64, with or without the prefix whsec_");
    }
    if (length < MIN_BYTES || length > MAX_BYTES) {
      throw new IllegalArgumentException(
          "has %d bytes; must have %d to %d".formatted(length, MIN_BYTES, MAX_BYTES));
    }
  }

  private static void requireText(String text) {
    int length = text.codePointCount(0, text.length());
    if (length == 0) {
      throw InvalidValueException.missing();
    }
    if (length > MAX_CHARACTERS) {
      throw InvalidValueException.tooLong(length, MAX_CHARACTERS);
    }
    if (text.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("must not have a NUL character");
    }
  }

  /** Reads what people give; that of Standard Webhooks with or without its prefix. */
  public static WebhookSecret parse(WebhookFormat format, String given) {
    return new WebhookSecret(
        format,
        format == WebhookFormat.STANDARD && given.startsWith(PREFIX)
            ? given.substring(PREFIX.length())
            : given);
  }

  /** Makes a new key. */
  public static WebhookSecret generate(WebhookFormat format, SecureRandom random) {
    byte[] key = new byte[GENERATED_BYTES];
    random.nextBytes(key);
    return new WebhookSecret(format, Base64.getEncoder().encodeToString(key));
  }

  /** Returns what whoever is to keep it gets, which {@link #parse} reads. */
  public String reveal() {
    return format == WebhookFormat.STANDARD ? PREFIX + text : text;
  }

  /**
   * Returns the signature of a message: {@code v1,} and the base64 of the key's HMAC-SHA256 of id,
   * time in seconds and body, joined by dots. It is the same in both formats.
   */
  public String sign(String messageId, Instant time, String body) {
    String signed = messageId + "." + time.getEpochSecond() + "." + body;
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(new SecretKeySpec(key(), ALGORITHM));
      byte[] digest = mac.doFinal(signed.getBytes(StandardCharsets.UTF_8));
      return VERSION + Base64.getEncoder().encodeToString(digest);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has " + ALGORITHM, e);
    }
  }

  private byte[] key() {
    return switch (format) {
      case STANDARD -> Base64.getDecoder().decode(text);
      case MLFLOW -> text.getBytes(StandardCharsets.UTF_8);
    };
  }

  @Override
  public String toString() {
    return "WebhookSecret[hidden]";
  }
}
