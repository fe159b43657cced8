package dev.slipway.registry.webhook;

import dev.slipway.registry.model.TextSize;
import java.time.Duration;
import java.time.Instant;

/**
 * Is one attempt to deliver.
 *
 * @param httpStatus 0 when there was no answer
 * @param error why it failed, for people; empty when it did not
 * @param responseBody the first characters of the answer, at most {@value #MAX_BODY}
 */
public record WebhookAttempt(
    Instant time, Duration duration, int httpStatus, String error, String responseBody) {
  /** The most characters that are kept of an answer and of an error. */
  public static final int MAX_BODY = 1024;

  private static final int GONE = 410;

  /** Cuts the texts, and takes out what databases do not keep. */
  public WebhookAttempt {
    error = kept(error);
    responseBody = kept(responseBody);
  }

  private static String kept(String text) {
    String clean = text.replace('\0', '\uFFFD');
    return clean.codePointCount(0, clean.length()) <= MAX_BODY
        ? clean
        : clean.substring(0, clean.offsetByCodePoints(0, MAX_BODY));
  }

  /** Returns whether the receiver took the event. */
  public boolean delivered() {
    return httpStatus >= 200 && httpStatus < 300;
  }

  /** Returns whether the receiver wants no more attempts. */
  public boolean gone() {
    return httpStatus == GONE;
  }

  /** Returns about how many bytes it has. */
  public long weight() {
    return TextSize.of(error, responseBody);
  }
}
