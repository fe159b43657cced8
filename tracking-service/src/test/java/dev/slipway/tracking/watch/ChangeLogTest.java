package dev.slipway.tracking.watch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.tracking.entry.Tag;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.metric.MetricPoint;
import dev.slipway.tracking.run.LatestMetric;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.run.RunInfo;
import dev.slipway.tracking.run.RunStatus;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ChangeLogTest {
  private final ChangeLog log = new ChangeLog(position(0));
  private final RunId run = RunId.create(Instant.EPOCH);
  private long revision;

  private static FeedPosition position(long revision) {
    return new FeedPosition(revision, new LogPositions(Map.of(1L, revision)));
  }

  private static RunDelta delta(
      RunId id, List<LatestMetric> metrics, List<Tag> tags, List<String> removed, int points) {
    RunInfo info =
        new RunInfo(
            id,
            ExperimentId.DEFAULT,
            "run",
            "",
            RunStatus.RUNNING,
            Instant.EPOCH,
            Optional.empty(),
            "",
            Optional.empty());
    return new RunDelta(
        info,
        false,
        false,
        false,
        metrics,
        List.of(),
        tags,
        removed,
        Optional.empty(),
        Optional.empty(),
        IntStream.range(0, points)
            .mapToObj(i -> new AppendedPoint("m", new MetricPoint(i, 0, 0)))
            .toList(),
        false);
  }

  private void advance(RunDelta... deltas) {
    revision++;
    log.advance(position(revision), Optional.empty(), List.of(deltas));
  }

  private void tag(String value) {
    advance(delta(run, List.of(), List.of(new Tag("t", value)), List.of(), 0));
  }

  private void untag() {
    advance(delta(run, List.of(), List.of(), List.of("t"), 0));
  }

  private RunDelta since(long tick) {
    return log.since(tick).orElseThrow().runs().get(0);
  }

  @Test
  void changesOfOnePart_areFoldedToTheLatest() {
    long begin = log.mark().tick();
    tag("1");
    tag("2");
    long middle = log.mark().tick();
    untag();
    assertThat(since(begin).tags()).isEmpty();
    assertThat(since(begin).removedTags()).containsExactly("t");
    tag("3");
    assertThat(since(begin).tags()).containsExactly(new Tag("t", "3"));
    assertThat(since(begin).removedTags()).isEmpty();
    assertThat(since(middle).tags()).containsExactly(new Tag("t", "3"));
    assertThat(log.since(log.mark().tick()).orElseThrow().runs()).isEmpty();
    assertThat(log.mark().position()).isEqualTo(position(4));
  }

  @Test
  void partsThatDidNotChange_areNotTold() {
    tag("1");
    long begin = log.mark().tick();
    LatestMetric metric = new LatestMetric("m", new MetricPoint(1, 1, 1));
    advance(delta(run, List.of(metric), List.of(), List.of(), 0));
    assertThat(since(begin).tags()).isEmpty();
    assertThat(since(begin).metrics()).containsExactly(metric);
  }

  @Test
  void forget_forgetsWhatEverybodyHas() {
    long begin = log.mark().tick();
    tag("1");
    log.forget(begin);
    assertThat(since(begin).tags()).hasSize(1);
    log.forget(log.mark().tick());
    assertThat(log.since(log.mark().tick()).orElseThrow().runs()).isEmpty();
    tag("2");
    assertThat(since(log.mark().tick() - 1).tags()).containsExactly(new Tag("t", "2"));
  }

  @Test
  void shrink_beyondTheBound_sendsThoseWhoAreBehindBackToTheBeginning() {
    long begin = log.mark().tick();
    tag("x".repeat(10_000));
    long one = log.mark().tick();
    RunId other = RunId.create(Instant.EPOCH);
    advance(delta(other, List.of(), List.of(new Tag("t", "x".repeat(10_000))), List.of(), 0));
    log.shrink(30_000);
    assertThat(log.since(begin)).isEmpty();
    assertThat(log.since(one).orElseThrow().runs())
        .extracting(delta -> delta.info().id())
        .containsExactly(other);
  }

  @Test
  void points_areToldOnce_andThoseThatAreTooManyAreOmitted() {
    long begin = log.mark().tick();
    advance(delta(run, List.of(), List.of(), List.of(), 10));
    long first = log.mark().tick();
    advance(delta(run, List.of(), List.of(), List.of(), 5));
    assertThat(since(begin).appended()).hasSize(15);
    assertThat(since(first).appended()).hasSize(5);
    assertThat(since(begin).pointsOmitted()).isFalse();

    log.shrink(500 + 7 * AppendedPoint.BYTES);
    assertThat(since(begin).appended()).hasSize(5);
    assertThat(since(begin).pointsOmitted()).isTrue();
    assertThat(since(first).pointsOmitted()).isFalse();
    assertThat(since(first).appended()).hasSize(5);
  }

  @Test
  void runsWithLittle_takeTheMemoryOfTheirObjects() {
    for (int i = 0; i < 100; i++) {
      advance(delta(RunId.create(Instant.EPOCH), List.of(), List.of(), List.of("t"), 0));
    }
    assertThat(log.bytes()).isGreaterThan(50_000);
    log.forget(log.mark().tick());
    assertThat(log.bytes()).isZero();
  }

  @Test
  void skip_sendsEverybodyBackToTheBeginning() {
    tag("1");
    long before = log.mark().tick();
    log.skip(position(9));
    assertThat(log.since(before)).isEmpty();
    assertThat(log.since(log.mark().tick())).isPresent();
    assertThat(log.mark().position()).isEqualTo(position(9));
  }
}
