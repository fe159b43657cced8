package dev.slipway.serving.traffic;

import dev.slipway.serving.catalog.TrafficRule;
import dev.slipway.serving.catalog.TrafficRule.AbortPolicy;
import dev.slipway.serving.traffic.TrafficMeter.Side;
import java.util.Locale;
import java.util.Optional;

/** Decides by the figures of a rule's window whether its challenger does too badly to go on. */
final class AbortJudge {
  private static final double P99 = 0.99;

  private AbortJudge() {}

  /** Returns why the rule is to be withdrawn; empty when it is not, or has no abort policy. */
  static Optional<String> reason(TrafficMeter meter) {
    TrafficRule rule = meter.rule();
    if (rule.abort().isEmpty()) {
      return Optional.empty();
    }
    AbortPolicy policy = rule.abort().get();
    Figures challenger = window(meter, TrafficMeter.challenger(rule));
    Figures champion = window(meter, Side.PRIMARY);
    Figures comparison = window(meter, Side.COMPARISON);
    return errors(policy, challenger)
        .or(() -> mismatches(policy, comparison))
        .or(() -> latency(policy, challenger, champion));
  }

  private static Figures window(TrafficMeter meter, Side side) {
    return meter.window(side).orElseGet(Figures::new);
  }

  private static Optional<String> errors(AbortPolicy policy, Figures challenger) {
    return exceeds(policy.maxErrorRate(), challenger, policy)
        ? Optional.of(
            describe(challenger, "requests of the challenger failed", policy.maxErrorRate()))
        : Optional.empty();
  }

  private static Optional<String> mismatches(AbortPolicy policy, Figures comparison) {
    return exceeds(policy.maxMismatchRate(), comparison, policy)
        ? Optional.of(
            describe(comparison, "answers of the shadow differed", policy.maxMismatchRate()))
        : Optional.empty();
  }

  private static boolean exceeds(double limit, Figures figures, AbortPolicy policy) {
    return limit > 0
        && figures.requests() >= policy.minRequests()
        && figures.errors() > limit * figures.requests();
  }

  private static String describe(Figures figures, String what, double limit) {
    return String.format(
        Locale.ROOT,
        "%d of %d %s; at most %s of them may",
        figures.errors(),
        figures.requests(),
        what,
        limit);
  }

  /** Needs as many answers of either side: a percentile of few says little. */
  private static Optional<String> latency(
      AbortPolicy policy, Figures challenger, Figures champion) {
    if (policy.maxLatencyRatio() == 0
        || challenger.latency().total() < policy.minRequests()
        || champion.latency().total() < policy.minRequests()) {
      return Optional.empty();
    }
    double slow = challenger.latency().percentileNanos(P99);
    double usual = champion.latency().percentileNanos(P99);
    return slow > policy.maxLatencyRatio() * usual
        ? Optional.of(
            String.format(
                Locale.ROOT,
                "the challenger's 99th percentile is %.3f ms, the champion's %.3f ms; at most %s"
                    + " times as much is allowed",
                slow / 1e6,
                usual / 1e6,
                policy.maxLatencyRatio()))
        : Optional.empty();
  }
}
