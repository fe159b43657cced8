package dev.slipway.cli.webhooks;

import com.google.protobuf.util.Durations;
import dev.slipway.cli.client.Counts;
import dev.slipway.cli.client.Moments;
import dev.slipway.cli.client.TextLine;
import dev.slipway.cli.client.TextTable;
import dev.slipway.cli.registry.TextLines;
import dev.slipway.cli.registry.Words;
import dev.slipway.registry.v1.Webhook;
import java.io.PrintWriter;
import java.util.stream.Collectors;

/** Tells webhooks to people. Stateless. */
final class WebhookText {
  private WebhookText() {}

  static TextTable table(PrintWriter out) {
    return new TextTable(out, "NAME", "STATE", "EVENTS", "MODELS", "TOLD UP TO", "URL", "WEBHOOK");
  }

  static void row(TextTable table, Webhook webhook) {
    table.row(
        webhook.getName(),
        state(webhook),
        events(webhook),
        models(webhook),
        Long.toString(webhook.getDeliveredRevision()),
        webhook.getUrl(),
        webhook.getWebhookId());
  }

  static void print(PrintWriter out, Webhook webhook) {
    out.println(TextLine.of(webhook.getName()));
    TextLines lines = new TextLines(out);
    lines.line("webhook", webhook.getWebhookId());
    lines.lines("about", webhook.getDescription().lines().toList());
    lines.line("url", webhook.getUrl());
    lines.line("format", Words.of(webhook.getFormat(), "WEBHOOK_FORMAT_"));
    lines.line("events", events(webhook));
    lines.line("models", models(webhook));
    lines.line("state", state(webhook));
    lines.line(
        "tries",
        "%s of at most %d s"
            .formatted(
                Counts.of(webhook.getMaxAttempts(), "attempt"),
                Durations.toSeconds(webhook.getTimeout())));
    lines.line("told", "up to revision " + webhook.getDeliveredRevision());
    lines.line("created", Moments.exact(webhook.getCreateTime()) + " by " + webhook.getCreatedBy());
    if (!webhook.getSecret().isEmpty()) {
      lines.line("secret", webhook.getSecret() + " (keep it: it is shown this once)");
    }
  }

  private static String state(Webhook webhook) {
    return Words.of(webhook.getState(), "WEBHOOK_STATE_");
  }

  private static String events(Webhook webhook) {
    return webhook.getEventsList().stream().map(EventName::of).collect(Collectors.joining(", "));
  }

  private static String models(Webhook webhook) {
    return webhook.getModelNamesCount() == 0
        ? "all"
        : String.join(", ", webhook.getModelNamesList());
  }
}
