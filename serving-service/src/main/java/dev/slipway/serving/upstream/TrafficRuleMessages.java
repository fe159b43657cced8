package dev.slipway.serving.upstream;

import com.google.protobuf.Timestamp;
import com.google.protobuf.util.Durations;
import com.google.protobuf.util.Timestamps;
import dev.slipway.runtime.error.Violations;
import dev.slipway.serving.catalog.Selector;
import dev.slipway.serving.catalog.Stage;
import dev.slipway.serving.catalog.TrafficRule;
import dev.slipway.serving.catalog.TrafficRule.AbortPolicy;
import dev.slipway.serving.catalog.TrafficRule.Canary;
import dev.slipway.serving.catalog.TrafficRule.Pin;
import dev.slipway.serving.catalog.TrafficRule.Shadow;
import dev.slipway.serving.v1.TrafficRuleState;
import dev.slipway.serving.v1.VersionSelector;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.regex.Pattern;

/** Turns messages that hold a traffic rule into catalog values and back. */
public final class TrafficRuleMessages {
  private static final int MAX_REASON = 500;
  private static final long DEFAULT_MIN_REQUESTS = 100;
  private static final Duration DEFAULT_WINDOW = Duration.ofMinutes(5);
  private static final Duration LEAST_WINDOW = Duration.ofSeconds(10);
  private static final Duration LONGEST_WINDOW = Duration.ofHours(24);
  private static final Pattern RUN_ID = Pattern.compile("[0-9a-f]{32}");

  private TrafficRuleMessages() {}

  /**
   * Reads a rule, noting everything that is wrong with it; what it returns then is of no use.
   *
   * @param stage the rule's own stage
   * @param field path of the rule in its request
   */
  public static TrafficRule read(
      dev.slipway.serving.v1.TrafficRule message,
      Stage stage,
      String field,
      Violations violations) {
    if (!message.hasCanary() && !message.hasShadow() && !message.hasPin()) {
      violations.add(field, "does nothing; give a canary, a shadow or a pin");
    }
    if (message.hasPin() && (message.hasCanary() || message.hasAbort())) {
      violations.add(field + ".pin", "cannot be combined with a canary or an abort policy");
    }
    if (message.hasPin() && !message.hasExpireTime()) {
      violations.add(field + ".expire_time", "is required with a pin");
    }
    if (message.hasExpireTime() && !Timestamps.isValid(message.getExpireTime())) {
      violations.add(field + ".expire_time", "is no valid time");
    }
    if (!message.getMetricsRunId().isEmpty()
        && !RUN_ID.matcher(message.getMetricsRunId()).matches()) {
      violations.add(field + ".metrics_run_id", "must be 32 lower-case hexadecimal digits");
    }
    return new TrafficRule(
        message.hasCanary()
            ? Optional.of(canary(message.getCanary(), stage, field + ".canary", violations))
            : Optional.empty(),
        message.hasShadow()
            ? Optional.of(shadow(message.getShadow(), stage, field + ".shadow", violations))
            : Optional.empty(),
        message.hasPin()
            ? Optional.of(pin(message.getPin(), field + ".pin", violations))
            : Optional.empty(),
        message.hasAbort()
            ? Optional.of(abort(message, field + ".abort", violations))
            : Optional.empty(),
        message.getMetricsRunId(),
        message.hasExpireTime() ? instant(message.getExpireTime()) : Optional.empty(),
        message.getRevision(),
        instant(message.getUpdateTime()).orElse(Instant.EPOCH),
        abortReason(message));
  }

  /** Returns a time; empty when it is none, for which {@link Instant} may have no room. */
  private static Optional<Instant> instant(Timestamp time) {
    return Timestamps.isValid(time) ? Optional.of(RegistryStates.instant(time)) : Optional.empty();
  }

  private static String abortReason(dev.slipway.serving.v1.TrafficRule message) {
    if (message.getState() != TrafficRuleState.TRAFFIC_RULE_STATE_ABORTED) {
      return "";
    }
    return message.getStateReason().isEmpty() ? "withdrawn" : message.getStateReason();
  }

  private static Canary canary(
      dev.slipway.serving.v1.Canary message, Stage stage, String field, Violations violations) {
    rate(field + ".weight", message.getWeight(), violations);
    return new Canary(
        selector(message.getSelector(), stage, field + ".selector", violations),
        message.getWeight());
  }

  private static Shadow shadow(
      dev.slipway.serving.v1.Shadow message, Stage stage, String field, Violations violations) {
    rate(field + ".sample_rate", message.getSampleRate(), violations);
    tolerance(field + ".absolute_tolerance", message.getAbsoluteTolerance(), violations);
    tolerance(field + ".relative_tolerance", message.getRelativeTolerance(), violations);
    return new Shadow(
        selector(message.getSelector(), stage, field + ".selector", violations),
        message.getSampleRate(),
        message.getAbsoluteTolerance(),
        message.getRelativeTolerance());
  }

  private static Selector selector(
      VersionSelector message, Stage stage, String field, Violations violations) {
    Selector selector = SelectorMessages.read(field, message, violations);
    if (message.getChoiceCase() == VersionSelector.ChoiceCase.CHOICE_NOT_SET) {
      violations.add(field, "is required");
    } else if (selector.equals(new Selector.InStage(stage))) {
      violations.add(field, "is the rule's own stage; name another version");
    }
    return selector;
  }

  private static Pin pin(dev.slipway.serving.v1.Pin message, String field, Violations violations) {
    if (message.getVersion() < 1) {
      violations.add(field + ".version", "must be at least 1");
    }
    violations.atMost(field + ".reason", message.getReason(), MAX_REASON);
    return new Pin(message.getVersion(), message.getReason());
  }

  private static AbortPolicy abort(
      dev.slipway.serving.v1.TrafficRule rule, String field, Violations violations) {
    dev.slipway.serving.v1.AbortPolicy message = rule.getAbort();
    if (message.getMinRequests() < 0) {
      violations.add(field + ".min_requests", "must be at least 1");
    }
    Duration window = window(message, field + ".window", violations);
    rate(field + ".max_error_rate", message.getMaxErrorRate(), violations);
    rate(field + ".max_mismatch_rate", message.getMaxMismatchRate(), violations);
    if (message.getMaxMismatchRate() > 0 && !rule.hasShadow()) {
      violations.add(field + ".max_mismatch_rate", "needs a shadow whose answers are compared");
    }
    double ratio = message.getMaxLatencyRatio();
    if (ratio != 0 && !(ratio >= 1 && Double.isFinite(ratio))) {
      violations.add(field + ".max_latency_ratio", "must be at least 1 when given");
    }
    if (message.getMaxErrorRate() == 0 && message.getMaxMismatchRate() == 0 && ratio == 0) {
      violations.add(field, "watches nothing; give a limit");
    }
    return new AbortPolicy(
        message.getMinRequests() == 0 ? DEFAULT_MIN_REQUESTS : message.getMinRequests(),
        window,
        message.getMaxErrorRate(),
        message.getMaxMismatchRate(),
        ratio);
  }

  private static Duration window(
      dev.slipway.serving.v1.AbortPolicy message, String field, Violations violations) {
    if (!message.hasWindow()) {
      return DEFAULT_WINDOW;
    }
    Duration window =
        Durations.isValid(message.getWindow())
            ? Duration.ofSeconds(message.getWindow().getSeconds(), message.getWindow().getNanos())
            : Duration.ZERO;
    if (window.compareTo(LEAST_WINDOW) < 0 || window.compareTo(LONGEST_WINDOW) > 0) {
      violations.add(field, "must be 10 seconds to 24 hours");
    }
    return window;
  }

  private static void rate(String field, double value, Violations violations) {
    if (!(value >= 0 && value <= 1)) {
      violations.add(field, "must be 0 to 1");
    }
  }

  private static void tolerance(String field, double value, Violations violations) {
    if (!(value >= 0 && Double.isFinite(value))) {
      violations.add(field, "must be a number from 0");
    }
  }

  /** Writes a rule as it is kept, without the model and the stage that it is for. */
  static dev.slipway.serving.v1.TrafficRule write(TrafficRule rule) {
    dev.slipway.serving.v1.TrafficRule.Builder message =
        dev.slipway.serving.v1.TrafficRule.newBuilder()
            .setMetricsRunId(rule.metricsRunId())
            .setRevision(rule.revision())
            .setUpdateTime(RegistryStates.timestamp(rule.updateTime()))
            .setState(
                rule.isAborted()
                    ? TrafficRuleState.TRAFFIC_RULE_STATE_ABORTED
                    : TrafficRuleState.TRAFFIC_RULE_STATE_ACTIVE)
            .setStateReason(rule.abortReason());
    rule.canary()
        .ifPresent(
            canary ->
                message
                    .getCanaryBuilder()
                    .setSelector(SelectorMessages.write(canary.selector()))
                    .setWeight(canary.weight()));
    rule.shadow()
        .ifPresent(
            shadow ->
                message
                    .getShadowBuilder()
                    .setSelector(SelectorMessages.write(shadow.selector()))
                    .setSampleRate(shadow.sampleRate())
                    .setAbsoluteTolerance(shadow.absoluteTolerance())
                    .setRelativeTolerance(shadow.relativeTolerance()));
    rule.pin()
        .ifPresent(
            pin -> message.getPinBuilder().setVersion(pin.version()).setReason(pin.reason()));
    rule.abort()
        .ifPresent(
            abort ->
                message
                    .getAbortBuilder()
                    .setMinRequests(abort.minRequests())
                    .setWindow(Durations.fromNanos(abort.window().toNanos()))
                    .setMaxErrorRate(abort.maxErrorRate())
                    .setMaxMismatchRate(abort.maxMismatchRate())
                    .setMaxLatencyRatio(abort.maxLatencyRatio()));
    rule.expireTime().ifPresent(time -> message.setExpireTime(RegistryStates.timestamp(time)));
    return message.build();
  }

  /**
   * Writes a rule for callers.
   *
   * @param now tells whether the rule is past its time
   */
  public static dev.slipway.serving.v1.TrafficRule write(
      String model, Stage stage, TrafficRule rule, Instant now) {
    dev.slipway.serving.v1.TrafficRule.Builder message =
        write(rule).toBuilder().setModel(model).setStage(SelectorMessages.stage(stage));
    if (!rule.isAborted() && rule.isExpired(now)) {
      message.setState(TrafficRuleState.TRAFFIC_RULE_STATE_EXPIRED);
    }
    return message.build();
  }
}
