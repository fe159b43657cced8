package dev.slipway.tracking.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.tracking.entry.Tag;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.metric.MetricBatch;
import dev.slipway.tracking.metric.MetricPoint;
import dev.slipway.tracking.run.LatestMetric;
import dev.slipway.tracking.run.NewRun;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.watch.AppendedPoint;
import dev.slipway.tracking.watch.FeedChanges;
import dev.slipway.tracking.watch.FeedPosition;
import dev.slipway.tracking.watch.FeedQuery;
import dev.slipway.tracking.watch.LogPositions;
import dev.slipway.tracking.watch.RunDelta;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Holds which changes are found, whatever became of the metric log. */
abstract class FeedStoreContract {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  private Database database;
  private RunStore runs;
  private MetricStore metrics;
  private FeedStore feed;
  private RunId run;
  private long log;
  private long commitNo;

  abstract DatabaseConfig databaseConfig();

  @BeforeEach
  void open() {
    database =
        Database.open(databaseConfig(), "tracking", "db/migration/tracking", new MetricRegistry());
    new ExperimentStore(database, "mlflow-artifacts:/").ensureDefault(NOW);
    runs = new RunStore(database);
    metrics = new MetricStore(database);
    feed = new FeedStore(database);
    log = metrics.openLog(NOW);
    run = newRun();
  }

  @AfterEach
  void close() {
    database.close();
  }

  private RunId newRun() {
    RunId id = RunId.create(NOW);
    runs.create(
        new NewRun(Optional.empty(), id, ExperimentId.DEFAULT, "run", "", NOW, List.of()), NOW);
    return id;
  }

  private void log(String key, long step) {
    MetricBatch batch =
        new MetricBatch(
            List.of(key), new int[1], new long[] {step}, new long[] {step}, new double[] {step});
    RunWrite write = new RunWrite(run, Optional.empty(), batch, List.of(), List.of());
    assertThat(metrics.commit(log, ++commitNo, List.of(write), NOW).refusals())
        .allMatch(Optional::isEmpty);
  }

  private void tag(String value) {
    RunWrite write =
        new RunWrite(
            run, Optional.empty(), MetricBatch.EMPTY, List.of(), List.of(new Tag("t", value)));
    metrics.commit(log, ++commitNo, List.of(write), NOW);
  }

  /** Takes a run's segments out of the log, as a compaction does. */
  private void compact() {
    metrics.foldFromSegments(log);
    database.write(
        handle -> {
          handle.execute("DELETE FROM metric_segment WHERE run_id = ?", run.uuid());
          new ChangeFeed(handle).compacted(run);
          return run;
        });
  }

  private FeedPosition ofRun() {
    return new FeedPosition(
        readRun(FeedQuery.FROM_NOW, LogPositions.START, true).revision(), feed.logs());
  }

  private FeedChanges.OfRun readRun(long after, LogPositions logs, boolean mayBeGone) {
    return feed.read(
            new FeedQuery(Map.of(run, after), Map.of(), logs, feed.logs(), Set.of(run), mayBeGone))
        .runs()
        .get(run);
  }

  private RunDelta runSince(FeedPosition position, boolean mayBeGone) {
    return readRun(position.revision(), position.logs(), mayBeGone).delta().orElseThrow();
  }

  private List<RunDelta> experimentSince(FeedPosition position, boolean mayBeGone) {
    return feed.read(
            new FeedQuery(
                Map.of(),
                Map.of(ExperimentId.DEFAULT, position.revision()),
                position.logs(),
                feed.logs(),
                Set.of(),
                mayBeGone))
        .experiments()
        .get(ExperimentId.DEFAULT)
        .runs()
        .orElseThrow();
  }

  private static LatestMetric latest(String key, long step) {
    return new LatestMetric(key, new MetricPoint(step, step, step));
  }

  @Test
  void appendedPoints_areFound_andTheLatestOfThem() {
    log("a", 1);
    log("b", 5);
    FeedPosition position = ofRun();
    assertThat(readRun(position.revision(), position.logs(), true).delta()).isEmpty();
    log("a", 2);
    log("b", 4);
    RunDelta delta = runSince(position, true);
    assertThat(delta.metrics()).containsExactly(latest("a", 2));
    assertThat(delta.appended())
        .containsExactlyInAnyOrder(
            new AppendedPoint("a", new MetricPoint(2, 2, 2)),
            new AppendedPoint("b", new MetricPoint(4, 4, 4)));
    assertThat(delta.pointsOmitted()).isFalse();
    assertThat(delta.tags()).isEmpty();
    assertThat(experimentSince(position, true))
        .singleElement()
        .satisfies(found -> assertThat(found.metrics()).containsExactly(latest("a", 2)));
  }

  @Test
  void pointsThatACompactionTookOut_areMadeUpForByAllLatestOnes() {
    log("a", 1);
    FeedPosition position = ofRun();
    log("b", 2);
    compact();
    RunDelta delta = runSince(position, true);
    assertThat(delta.metrics()).containsExactlyInAnyOrder(latest("a", 1), latest("b", 2));
    assertThat(delta.pointsOmitted()).isTrue();
    assertThat(experimentSince(position, true))
        .singleElement()
        .satisfies(
            found ->
                assertThat(found.metrics())
                    .containsExactlyInAnyOrder(latest("a", 1), latest("b", 2)));
  }

  @Test
  void compactionOfPointsThatAreKnown_tellsNothingToThoseWhoKeepUp() {
    log("a", 1);
    FeedPosition position = ofRun();
    compact();
    tag("1");
    RunDelta delta = runSince(position, false);
    assertThat(delta.metrics()).isEmpty();
    assertThat(delta.pointsOmitted()).isFalse();
    assertThat(delta.tags()).containsExactly(new Tag("t", "1"));
  }

  @Test
  void logThatIsGoneOrNew_isReadAllTheSame() {
    log("a", 1);
    FeedPosition position = ofRun();
    log("a", 2);
    metrics.foldFromSegments(log);
    metrics.closeQuietLogs(NOW.plusSeconds(60));
    assertThat(feed.logs().commits()).isEmpty();
    log = metrics.openLog(NOW);
    commitNo = 0;
    log("b", 1);
    assertThat(runSince(position, true).metrics())
        .containsExactlyInAnyOrder(latest("a", 2), latest("b", 1));
  }

  @Test
  void runThatCameOrMovedInTheList_isToldWhole() {
    log("a", 1);
    tag("1");
    FeedPosition position = ofRun();
    RunId other = newRun();
    runs.delete(run, NOW);
    runs.restore(run);
    assertThat(experimentSince(position, true))
        .extracting(delta -> delta.info().id())
        .containsExactlyInAnyOrder(run, other);
    RunDelta whole =
        experimentSince(position, true).stream()
            .filter(delta -> delta.info().id().equals(run))
            .findFirst()
            .orElseThrow();
    assertThat(whole.listed()).isTrue();
    assertThat(whole.created()).isFalse();
    assertThat(whole.metrics()).containsExactly(latest("a", 1));
    assertThat(whole.tags()).containsExactly(new Tag("t", "1"));
    assertThat(whole.pointsOmitted()).isFalse();
  }
}
