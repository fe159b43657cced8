package dev.slipway.cli.webhooks;

import com.google.protobuf.util.Durations;
import dev.slipway.cli.client.Moments;
import dev.slipway.cli.client.TextTable;
import dev.slipway.cli.registry.TextLines;
import dev.slipway.cli.registry.Words;
import dev.slipway.registry.v1.WebhookAttempt;
import dev.slipway.registry.v1.WebhookDelivery;
import java.io.PrintWriter;
import java.time.Clock;

/** Tells deliveries to people. Stateless. */
final class DeliveryText {
  private static final Clock CLOCK = Clock.systemUTC();

  private DeliveryText() {}

  static TextTable table(PrintWriter out) {
    return new TextTable(
        out, "DELIVERY", "REVISION", "STATE", "ATTEMPTS", "QUEUED", "LAST ATTEMPT");
  }

  static void row(TextTable table, WebhookDelivery delivery) {
    table.row(
        delivery.getDeliveryId(),
        Long.toString(delivery.getRevision()),
        state(delivery),
        Integer.toString(delivery.getAttemptsCount()),
        Moments.age(delivery.getCreateTime(), CLOCK),
        delivery.getAttemptsCount() == 0
            ? ""
            : attempt(delivery.getAttempts(delivery.getAttemptsCount() - 1)));
  }

  static void print(PrintWriter out, WebhookDelivery delivery) {
    out.printf("%s: %s%n", delivery.getDeliveryId(), state(delivery));
    TextLines lines = new TextLines(out);
    lines.lines(
        "attempts", delivery.getAttemptsList().stream().map(DeliveryText::attempt).toList());
    if (delivery.getAttemptsCount() > 0) {
      lines.line("answer", delivery.getAttempts(delivery.getAttemptsCount() - 1).getResponseBody());
    }
    if (delivery.hasNextAttemptTime()) {
      lines.line("next", Moments.exact(delivery.getNextAttemptTime()));
    }
  }

  private static String state(WebhookDelivery delivery) {
    return Words.of(delivery.getState(), "WEBHOOK_DELIVERY_STATE_");
  }

  private static String attempt(WebhookAttempt attempt) {
    String status = attempt.getHttpStatus() == 0 ? "no answer" : "HTTP " + attempt.getHttpStatus();
    String error = attempt.getError().isEmpty() ? "" : ": " + attempt.getError();
    return "%s, %s after %d ms%s"
        .formatted(
            Moments.exact(attempt.getAttemptTime()),
            status,
            Durations.toMillis(attempt.getDuration()),
            error);
  }
}
