package dev.slipway.registry.webhook;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Identifies a delivery, the same for all its attempts: webhook and revision.
 *
 * @param revision revision of the event, from 1
 */
public record WebhookDeliveryId(WebhookId webhook, long revision) {
  private static final Pattern FORM = Pattern.compile("([0-9a-f]{32})_([1-9][0-9]{0,17})");
  private static final Pattern TEST = Pattern.compile("[0-9a-f]{32}_test_[0-9a-f]{1,32}");

  /** Checks the revision. */
  public WebhookDeliveryId {
    if (revision < 1) {
      throw new IllegalArgumentException("has revision " + revision + "; must be at least 1");
    }
  }

  /** Returns the identifier of a test, which belongs to no event and is not kept. */
  public static String ofTest(WebhookId webhook, long random) {
    return "%s_test_%016x".formatted(webhook, random);
  }

  /** Returns whether a text is the identifier of a test. */
  public static boolean isTest(String text) {
    return TEST.matcher(text).matches();
  }

  /** Reads the text form. */
  public static WebhookDeliveryId parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("must be the identifier of a delivery");
    }
    return new WebhookDeliveryId(new WebhookId(matcher.group(1)), Long.parseLong(matcher.group(2)));
  }

  @Override
  public String toString() {
    return webhook + "_" + revision;
  }
}
