package dev.slipway.serving.traffic;

import dev.slipway.serving.catalog.TrafficRule;
import dev.slipway.serving.model.RulesInForce.RuleKey;
import dev.slipway.serving.traffic.TrafficMeter.Side;
import dev.slipway.serving.upstream.RunMetrics;
import dev.slipway.serving.upstream.RunMetrics.End;
import dev.slipway.serving.upstream.RunMetrics.Point;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Logs figures of rules to their runs: every ten seconds those of the time since the last, and a
 * last time when a rule ends, which ends the run too. Used by one thread at a time.
 */
final class TrafficReporter {
  private static final Duration INTERVAL = Duration.ofSeconds(10);
  private static final double NANOS_PER_MILLI = 1e6;

  private final RunMetrics runs;
  private final Clock clock;

  /** Meters of the rules that were followed when it last looked. */
  private Map<RuleKey, TrafficMeter> reported = Map.of();

  private Instant last;

  TrafficReporter(RunMetrics runs, Clock clock) {
    this.runs = runs;
    this.clock = clock;
    this.last = clock.instant();
  }

  /**
   * Logs what is due.
   *
   * @param followed meters of the rules that are followed
   * @param all all meters there are, those of rules that came and went since the last call too
   * @param ended why each rule was withdrawn that is followed no more; those that are not there
   *     were deleted, or are past their time
   */
  void report(
      Map<RuleKey, TrafficMeter> followed,
      Map<RuleKey, TrafficMeter> all,
      Map<RuleKey, String> ended) {
    reported.forEach((key, meter) -> reportEnd(key, meter, followed, ended));
    all.forEach((key, meter) -> reportEnd(key, meter, followed, ended));
    reported = Map.copyOf(followed);
    Instant time = clock.instant();
    if (!time.isBefore(last.plus(INTERVAL))) {
      last = time;
      followed.values().forEach(this::log);
    }
    runs.send();
  }

  /** Logs what is left of a rule that has changed or ended, once. */
  private void reportEnd(
      RuleKey key,
      TrafficMeter meter,
      Map<RuleKey, TrafficMeter> followed,
      Map<RuleKey, String> ended) {
    String run = meter.rule().metricsRunId();
    if (followed.get(key) == meter || run.isEmpty() || !meter.close()) {
      return;
    }
    log(meter);
    boolean goesOn =
        followed.values().stream().anyMatch(other -> other.rule().metricsRunId().equals(run));
    if (!goesOn) {
      runs.end(run, new End(ended.getOrDefault(key, "")));
    }
  }

  private void log(TrafficMeter meter) {
    if (meter.rule().metricsRunId().isEmpty()) {
      return;
    }
    Instant time = clock.instant();
    List<Point> points = points(meter);
    if (!points.isEmpty()) {
      TrafficRule rule = meter.rule();
      runs.log(
          rule.metricsRunId(),
          points,
          Math.max(0, Duration.between(rule.updateTime(), time).toSeconds()),
          time);
    }
  }

  private static List<Point> points(TrafficMeter meter) {
    List<Point> points = new ArrayList<>();
    add("champion", meter.drain(Side.PRIMARY), points);
    add("challenger", meter.drain(TrafficMeter.challenger(meter.rule())), points);
    Figures comparison = meter.drain(Side.COMPARISON);
    if (comparison.requests() > 0) {
      points.add(new Point("shadow.comparisons", comparison.requests()));
      points.add(new Point("shadow.mismatches", comparison.errors()));
      points.add(
          new Point("shadow.mismatch_rate", (double) comparison.errors() / comparison.requests()));
    }
    return points;
  }

  private static void add(String side, Figures figures, List<Point> points) {
    if (figures.requests() == 0) {
      return;
    }
    points.add(new Point(side + ".requests", figures.requests()));
    points.add(new Point(side + ".errors", figures.errors()));
    points.add(new Point(side + ".rows", figures.rows()));
    if (figures.latency().total() > 0) {
      points.add(
          new Point(side + ".p50_ms", figures.latency().percentileNanos(0.5) / NANOS_PER_MILLI));
      points.add(
          new Point(side + ".p99_ms", figures.latency().percentileNanos(0.99) / NANOS_PER_MILLI));
    }
  }
}
