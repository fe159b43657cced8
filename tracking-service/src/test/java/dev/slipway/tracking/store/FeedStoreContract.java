package dev.slipway.tracking.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.database.Dialect;
import dev.slipway.tracking.entry.Param;
import dev.slipway.tracking.entry.Tag;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.metric.MetricBatch;
import dev.slipway.tracking.metric.MetricPoint;
import dev.slipway.tracking.retention.PurgeScope;
import dev.slipway.tracking.run.LatestMetric;
import dev.slipway.tracking.run.NewRun;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.run.RunUpdate;
import dev.slipway.tracking.watch.AppendedPoint;
import dev.slipway.tracking.watch.FeedChanges;
import dev.slipway.tracking.watch.FeedPosition;
import dev.slipway.tracking.watch.FeedQuery;
import dev.slipway.tracking.watch.LogPositions;
import dev.slipway.tracking.watch.RunDelta;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jdbi.v3.core.statement.SqlLogger;
import org.jdbi.v3.core.statement.StatementContext;
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
  private Database elsewhere;

  abstract DatabaseConfig databaseConfig();

  @BeforeEach
  void open() {
    DatabaseConfig config = databaseConfig();
    database = Database.open(config, "tracking", "db/migration/tracking", new MetricRegistry());
    new ExperimentStore(database, "mlflow-artifacts:/").ensureDefault(NOW);
    runs = new RunStore(database);
    metrics = new MetricStore(database);
    elsewhere = Database.open(config, "tracking", "db/migration/tracking", new MetricRegistry());
    feed = new FeedStore(elsewhere);
    log = metrics.openLog(NOW);
    run = newRun();
  }

  @AfterEach
  void close() {
    elsewhere.close();
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

  private void assertTold(boolean told, Runnable change) {
    AtomicInteger count = new AtomicInteger();
    new FeedStore(database).onChange(count::incrementAndGet);
    change.run();
    assertThat(count.get() > 0).isEqualTo(told);
  }

  @Test
  void changes_areToldOnceTheyAreCommitted() {
    AtomicInteger seen = new AtomicInteger();
    new FeedStore(database)
        .onChange(() -> seen.set(runs.getInfo(run).name().equals("new") ? 1 : -1));
    RunUpdate rename =
        new RunUpdate(
            Optional.of("new"),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());
    runs.update(run, rename, NOW);
    assertThat(seen).hasValue(1);

    assertTold(true, this::newRun);
    assertTold(true, () -> tag("1"));
    assertTold(true, () -> runs.deleteTags(run, List.of("t")));
    assertTold(true, () -> runs.delete(run, NOW));
    assertTold(true, () -> runs.restore(run));
  }

  @Test
  void whatChangesNothing_isNotTold() {
    assertTold(false, () -> log("m", 1));
    assertTold(false, () -> runs.restore(run));
    assertTold(
        false,
        () ->
            assertThatThrownBy(
                    () ->
                        database.write(
                            handle -> {
                              long revision = new ChangeFeed(handle).next(ExperimentId.DEFAULT);
                              throw new IllegalStateException("undone " + revision);
                            }))
                .hasMessageStartingWith("undone"));
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
    return readExperiment(position, mayBeGone).runs().orElseThrow();
  }

  private FeedChanges.OfExperiment readExperiment(FeedPosition position, boolean mayBeGone) {
    return feed.read(
            new FeedQuery(
                Map.of(),
                Map.of(ExperimentId.DEFAULT, position.revision()),
                position.logs(),
                feed.logs(),
                Set.of(),
                mayBeGone))
        .experiments()
        .get(ExperimentId.DEFAULT);
  }

  /** Lets something happen just before the feed runs a statement for the first time. */
  private void before(String statement, Runnable change) {
    AtomicBoolean done = new AtomicBoolean();
    elsewhere
        .jdbi()
        .setSqlLogger(
            new SqlLogger() {
              @Override
              public void logBeforeExecution(StatementContext context) {
                if (context.getRenderedSql().contains(statement) && !done.getAndSet(true)) {
                  change.run();
                }
              }
            });
  }

  private void purge(RunId id) {
    runs.delete(id, NOW);
    assertThat(new PurgeStore(database).purge(id, new PurgeScope(NOW, Optional.empty())))
        .isPresent();
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
    assertThat(feed.logs().commits()).containsExactly(Map.entry(log, LogPositions.ALL));
    log = metrics.openLog(NOW);
    commitNo = 0;
    log("b", 1);
    assertThat(runSince(position, true).metrics())
        .containsExactlyInAnyOrder(latest("a", 2), latest("b", 1));
  }

  @Test
  void logThatCameAndWentInBetween_isReadAllTheSame() {
    log("a", 1);
    FeedPosition position = ofRun();
    Instant later = NOW.plusSeconds(60);
    openNextLog(later);
    log("b", 2);
    metrics.foldFromSegments(log);
    metrics.closeQuietLogs(later.plusSeconds(1));
    assertThat(runSince(position, true).metrics()).containsExactly(latest("b", 2));
    FeedPosition none = ofRun();
    assertThat(readRun(none.revision(), none.logs(), true).delta()).isEmpty();

    openNextLog(later);
    log("c", 3);
    assertThat(runSince(position, true).metrics())
        .containsExactlyInAnyOrder(latest("b", 2), latest("c", 3));
    assertThat(runSince(none, true).metrics()).containsExactly(latest("c", 3));
  }

  private void openNextLog(Instant when) {
    log = metrics.openLog(when);
    commitNo = 0;
  }

  @Test
  void moreLogsThanOneLooksAt_areSaidToBeTooMuch() {
    FeedPosition position = ofRun();
    for (int i = 0; i < 102; i++) {
      openNextLog(NOW);
    }
    metrics.closeQuietLogs(NOW.plusSeconds(1));
    openNextLog(NOW);
    assertThat(readRun(position.revision(), position.logs(), true).tooMuch()).isTrue();
    assertThat(readExperiment(position, true).runs()).isEmpty();
  }

  @Test
  void moreThanFits_ofManyRuns_isSaidToBeTooMuch() {
    List<RunId> many = IntStream.range(0, 101).mapToObj(i -> newRun()).toList();
    Map<RunId, Long> after = new HashMap<>();
    long revision = readExperiment(ofRun(), false).revision();
    many.forEach(id -> after.put(id, revision));
    LogPositions logs = feed.logs();
    List<Param> params =
        IntStream.range(0, 20).mapToObj(i -> new Param("p" + i, "x".repeat(6_000))).toList();
    metrics.commit(
        log,
        ++commitNo,
        many.stream()
            .map(id -> new RunWrite(id, Optional.empty(), MetricBatch.EMPTY, params, List.of()))
            .toList(),
        NOW);
    Map<RunId, FeedChanges.OfRun> found =
        feed.read(new FeedQuery(after, Map.of(), logs, feed.logs(), Set.of(), false)).runs();
    assertThat(found).hasSize(101);
    assertThat(found.values())
        .allMatch(
            changes ->
                changes.tooMuch()
                    || changes.delta().stream().anyMatch(delta -> delta.params().size() == 20))
        .anyMatch(FeedChanges.OfRun::tooMuch);
  }

  @Test
  void experimentThatChangesWhileItsRunsAreRead_isToldBeforeThePositionPassesIt() {
    FeedPosition position = ofRun();
    tag("1");
    before(
        "FETCH FIRST",
        () -> {
          new ExperimentStore(database, "a:/")
              .setTags(ExperimentId.DEFAULT, List.of(new Tag("own", "1")), NOW);
          tag("2");
        });
    FeedChanges.OfExperiment found = readExperiment(position, false);
    assertThat(found.revision()).isEqualTo(ofRun().revision());
    assertThat(found.experiment().orElseThrow().tags()).containsExactly(new Tag("own", "1"));
  }

  @Test
  void runThatIsPurgedWhileItsExperimentIsRead_isToldBeforeThePositionPassesIt() {
    RunId other = newRun();
    runs.delete(other, NOW);
    FeedPosition position = ofRun();
    tag("1");
    before(
        "FETCH FIRST",
        () -> {
          purge(other);
          tag("2");
        });
    FeedChanges.OfExperiment found = readExperiment(position, false);
    assertThat(found.revision()).isEqualTo(ofRun().revision());
    assertThat(found.purgedRevision()).isGreaterThan(position.revision());
  }

  @Test
  void runThatIsDeletedAndPurgedBeforeItIsLoaded_isToldAsPurgedUnseen() {
    FeedPosition position = ofRun();
    RunId other = newRun();
    before("r.run_name", () -> purge(other));
    FeedChanges.OfExperiment found = readExperiment(position, false);
    assertThat(found.runs().orElseThrow()).isEmpty();
    assertThat(found.purgedListedRevision()).isGreaterThan(position.revision());
  }

  @Test
  void whoeverFindsNothingNew_waitsForNoFlush() {
    log("a", 1);
    FeedPosition position = ofRun();
    AtomicInteger flushes = new AtomicInteger();
    elsewhere
        .jdbi()
        .setSqlLogger(
            new SqlLogger() {
              @Override
              public void logBeforeExecution(StatementContext context) {
                if (context.getRenderedSql().contains("CHECKPOINT")) {
                  flushes.incrementAndGet();
                }
              }
            });
    assertThat(readRun(position.revision(), position.logs(), false).delta()).isEmpty();
    assertThat(readExperiment(position, false).runs().orElseThrow()).isEmpty();
    assertThat(flushes).hasValue(0);
    tag("1");
    assertThat(readExperiment(position, false).runs().orElseThrow()).hasSize(1);
    assertThat(flushes).hasValue(elsewhere.dialect() == Dialect.H2 ? 1 : 0);
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
