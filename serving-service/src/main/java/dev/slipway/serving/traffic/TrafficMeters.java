package dev.slipway.serving.traffic;

import dev.slipway.serving.catalog.TrafficRule;
import dev.slipway.serving.model.RulesInForce.RuleKey;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/** The meters of all rules, one each; a rule that was changed gets a new one. Thread-safe. */
public final class TrafficMeters {
  private final Map<RuleKey, TrafficMeter> meters = new ConcurrentHashMap<>();
  private final LongSupplier nanoTime;

  /** Creates it; nothing is measured. */
  public TrafficMeters(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** Returns the meter of a rule that is followed. */
  public TrafficMeter of(RuleKey key, TrafficRule rule) {
    TrafficMeter present = meters.get(key);
    return present != null && present.rule().revision() >= rule.revision()
        ? present
        : meters.compute(
            key,
            (same, other) ->
                other != null && other.rule().revision() >= rule.revision()
                    ? other
                    : new TrafficMeter(rule, nanoTime));
  }

  /** Finds the last meter of a rule: that of one that was withdrawn goes on showing its figures. */
  public Optional<TrafficMeter> find(RuleKey key) {
    return Optional.ofNullable(meters.get(key));
  }

  /** Returns all meters, those of rules that were deleted a moment ago too. */
  Map<RuleKey, TrafficMeter> all() {
    return Map.copyOf(meters);
  }

  /** Forgets the meters of all rules but these. */
  void retain(Set<RuleKey> keys) {
    meters.keySet().retainAll(keys);
  }
}
