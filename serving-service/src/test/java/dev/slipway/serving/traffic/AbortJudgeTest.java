package dev.slipway.serving.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.serving.catalog.Selector;
import dev.slipway.serving.catalog.TrafficRule;
import dev.slipway.serving.catalog.TrafficRule.AbortPolicy;
import dev.slipway.serving.catalog.TrafficRule.Canary;
import dev.slipway.serving.catalog.TrafficRule.Shadow;
import dev.slipway.serving.catalog.VersionKey;
import dev.slipway.serving.traffic.TrafficMeter.Side;
import dev.slipway.serving.traffic.TrafficMeter.Versions;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** When a challenger does too badly, by figures of the window alone. */
class AbortJudgeTest {
  private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);

  private final AtomicLong now = new AtomicLong();

  private TrafficMeter meter(boolean canary, double errors, double mismatches, double latency) {
    Selector second = new Selector.Numbered(2);
    TrafficRule rule =
        new TrafficRule(
            canary ? Optional.of(new Canary(second, 0.5)) : Optional.empty(),
            Optional.of(new Shadow(second, 1, 0, 0)),
            Optional.empty(),
            Optional.of(new AbortPolicy(10, Duration.ofSeconds(20), errors, mismatches, latency)),
            "",
            Optional.empty(),
            1,
            Instant.EPOCH,
            "");
    return new TrafficMeter(rule, now::get);
  }

  private static void answer(TrafficMeter meter, Side side, int times, long nanos) {
    for (int i = 0; i < times; i++) {
      meter.answered(side, 1, nanos);
    }
  }

  private static void fail(TrafficMeter meter, Side side, int times) {
    for (int i = 0; i < times; i++) {
      meter.failed(side);
    }
  }

  @Test
  void errorShare_isJudgedBeyondTheLimitAndFromTheLeastSampleOn() {
    TrafficMeter meter = meter(true, 0.2, 0, 0);
    fail(meter, Side.CANARY, 9);
    assertThat(AbortJudge.reason(meter)).as("too few").isEmpty();

    answer(meter, Side.CANARY, 36, MILLI);
    assertThat(AbortJudge.reason(meter)).as("9 of 45 is a fifth, which may fail").isEmpty();

    fail(meter, Side.CANARY, 1);
    assertThat(AbortJudge.reason(meter))
        .hasValueSatisfying(reason -> assertThat(reason).contains("10 of 46", "0.2"));
  }

  @Test
  void whatIsOlderThanTheWindow_countsNoMore() {
    TrafficMeter meter = meter(true, 0.2, 0, 0);
    fail(meter, Side.CANARY, 10);
    assertThat(AbortJudge.reason(meter)).isPresent();

    now.addAndGet(TimeUnit.SECONDS.toNanos(21));

    assertThat(AbortJudge.reason(meter)).isEmpty();
    assertThat(meter.total(Side.CANARY).errors()).as("but in all it does").isEqualTo(10);
  }

  @Test
  void anotherChampion_beginsTheWindowAnew() {
    TrafficMeter meter = meter(true, 0.2, 0, 0);
    meter.compare(versions(1, 2, 0));
    fail(meter, Side.CANARY, 10);
    meter.compare(versions(1, 2, 4));
    assertThat(AbortJudge.reason(meter)).as("one that comes besides changes nothing").isPresent();

    meter.compare(versions(3, 2, 4));

    assertThat(AbortJudge.reason(meter)).isEmpty();
  }

  @Test
  void challengerThatGoes_leavesNothingToJudge() {
    TrafficMeter meter = meter(true, 0.2, 0, 0);
    meter.compare(versions(1, 2, 0));
    fail(meter, Side.CANARY, 10);

    meter.compare(versions(1, 0, 0));

    assertThat(AbortJudge.reason(meter)).isEmpty();
    assertThat(versions(1, 0, 0).differ()).isFalse();
    assertThat(versions(2, 2, 2).differ()).as("a challenger that was promoted").isFalse();
  }

  @Test
  void anotherShadowBesidesACanary_beginsTheWindowAnew() {
    TrafficMeter meter = meter(true, 0, 0.5, 0);
    meter.compare(versions(1, 2, 4));
    fail(meter, Side.COMPARISON, 10);
    assertThat(AbortJudge.reason(meter)).isPresent();

    meter.compare(versions(1, 2, 5));

    assertThat(AbortJudge.reason(meter)).isEmpty();
  }

  /** Returns versions of these numbers; 0 is none. */
  private static Versions versions(long champion, long canary, long shadow) {
    return new Versions(version(champion), version(canary), version(shadow));
  }

  private static Optional<VersionKey> version(long number) {
    return number == 0 ? Optional.empty() : Optional.of(new VersionKey("m", number));
  }

  @Test
  void answersFromTheCache_areNoMeasureOfLatency() {
    TrafficMeter meter = meter(true, 0, 0, 3);
    answer(meter, Side.CANARY, 10, 50 * MILLI);
    for (int i = 0; i < 1_000; i++) {
      meter.answeredFromCache(Side.PRIMARY, 1);
    }
    answer(meter, Side.PRIMARY, 9, 50 * MILLI);
    assertThat(AbortJudge.reason(meter)).as("too few were computed").isEmpty();

    answer(meter, Side.PRIMARY, 1, 50 * MILLI);

    assertThat(AbortJudge.reason(meter)).as("both compute alike").isEmpty();
    assertThat(meter.total(Side.PRIMARY).requests()).isEqualTo(1_010);
  }

  @Test
  void shadow_isTheChallengerWhereThereIsNoCanary() {
    TrafficMeter shadowOnly = meter(false, 0.2, 0, 0);
    TrafficMeter both = meter(true, 0.2, 0, 0);
    fail(shadowOnly, Side.SHADOW, 10);
    fail(both, Side.SHADOW, 10);
    fail(both, Side.PRIMARY, 10);

    assertThat(AbortJudge.reason(shadowOnly)).isPresent();
    assertThat(AbortJudge.reason(both)).isEmpty();
  }

  @Test
  void mismatches_areAShareOfTheComparisons() {
    TrafficMeter meter = meter(false, 0, 0.5, 0);
    answer(meter, Side.COMPARISON, 5, 0);
    fail(meter, Side.COMPARISON, 5);
    assertThat(AbortJudge.reason(meter)).isEmpty();

    fail(meter, Side.COMPARISON, 1);

    assertThat(AbortJudge.reason(meter))
        .hasValueSatisfying(reason -> assertThat(reason).contains("6 of 11"));
  }

  @Test
  void latency_isComparedWithTheChampions_whenBothHaveEnough() {
    TrafficMeter meter = meter(true, 0, 0, 3);
    answer(meter, Side.CANARY, 10, 50 * MILLI);
    answer(meter, Side.PRIMARY, 9, 10 * MILLI);
    assertThat(AbortJudge.reason(meter)).isEmpty();

    answer(meter, Side.PRIMARY, 1, 10 * MILLI);
    assertThat(AbortJudge.reason(meter))
        .hasValueSatisfying(reason -> assertThat(reason).contains("99th percentile"));

    answer(meter, Side.PRIMARY, 1, 40 * MILLI);
    assertThat(AbortJudge.reason(meter)).as("the champion is slow at times too").isEmpty();
  }

  @Test
  void withoutAbortPolicy_nothingIsJudged() {
    TrafficRule rule =
        new TrafficRule(
            Optional.of(new Canary(new Selector.Numbered(2), 1)),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            "",
            Optional.empty(),
            1,
            Instant.EPOCH,
            "");
    TrafficMeter meter = new TrafficMeter(rule, now::get);
    fail(meter, Side.CANARY, 1_000);

    assertThat(AbortJudge.reason(meter)).isEmpty();
  }
}
