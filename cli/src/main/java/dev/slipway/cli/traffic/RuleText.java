package dev.slipway.cli.traffic;

import com.google.protobuf.util.Durations;
import com.google.protobuf.util.Timestamps;
import dev.slipway.cli.client.StageName;
import dev.slipway.serving.v1.AbortPolicy;
import dev.slipway.serving.v1.TrafficFigures;
import dev.slipway.serving.v1.TrafficRule;
import dev.slipway.serving.v1.TrafficRuleState;
import java.io.PrintWriter;

/** Tells traffic rules to people. */
final class RuleText {
  private RuleText() {}

  static void print(PrintWriter out, TrafficRule rule) {
    out.printf(
        "%s %s, revision %d: %s%n",
        rule.getModel(), StageName.of(rule.getStage()), rule.getRevision(), state(rule));
    if (rule.hasCanary()) {
      out.printf(
          "  canary: %s answers %s of the requests%n",
          SelectorText.write(rule.getCanary().getSelector()), rule.getCanary().getWeight());
    }
    if (rule.hasShadow()) {
      out.printf(
          "  shadow: %s is asked %s of the requests too%n",
          SelectorText.write(rule.getShadow().getSelector()), rule.getShadow().getSampleRate());
    }
    if (rule.hasPin()) {
      out.printf(
          "  pin: version %d answers%s%n",
          rule.getPin().getVersion(),
          rule.getPin().getReason().isEmpty() ? "" : ": " + rule.getPin().getReason());
    }
    if (rule.hasAbort()) {
      out.println("  withdrawn when " + abort(rule.getAbort()));
    }
    if (rule.hasExpireTime()) {
      out.println("  ends at " + Timestamps.toString(rule.getExpireTime()));
    }
    if (!rule.getMetricsRunId().isEmpty()) {
      out.println("  figures go to run " + rule.getMetricsRunId());
    }
  }

  private static String state(TrafficRule rule) {
    if (rule.getState() == TrafficRuleState.TRAFFIC_RULE_STATE_ABORTED) {
      return "withdrawn, since " + rule.getStateReason();
    }
    return rule.getState() == TrafficRuleState.TRAFFIC_RULE_STATE_EXPIRED ? "ended" : "followed";
  }

  private static String abort(AbortPolicy abort) {
    StringBuilder text = new StringBuilder();
    if (abort.getMaxErrorRate() > 0) {
      text.append("more than ").append(abort.getMaxErrorRate()).append(" of its requests fail, ");
    }
    if (abort.getMaxMismatchRate() > 0) {
      text.append("more than ")
          .append(abort.getMaxMismatchRate())
          .append(" of its answers differ, ");
    }
    if (abort.getMaxLatencyRatio() > 0) {
      text.append("its 99th percentile is above ")
          .append(abort.getMaxLatencyRatio())
          .append(" times the champion's, ");
    }
    return text.append("of at least ")
        .append(abort.getMinRequests())
        .append(" in ")
        .append(Durations.toSeconds(abort.getWindow()))
        .append(" s")
        .toString();
  }

  /** Prints what a rule has led to on the server that was asked. */
  static void print(PrintWriter out, TrafficFigures figures) {
    out.println("  on this server since the rule was last changed:");
    out.printf(
        "    champion: %,d requests, %,d failed%n",
        figures.getPrimaryRequests(), figures.getPrimaryErrors());
    out.printf(
        "    canary: %,d requests, %,d failed%n",
        figures.getCanaryRequests(), figures.getCanaryErrors());
    out.printf(
        "    shadow: %,d requests, %,d failed or dropped, %,d of %,d answers differed%n",
        figures.getShadowRequests(),
        figures.getShadowErrors(),
        figures.getShadowMismatches(),
        figures.getShadowComparisons());
  }
}
