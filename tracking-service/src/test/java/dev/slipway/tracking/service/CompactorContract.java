package dev.slipway.tracking.service;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.metric.HistoryQuery;
import dev.slipway.tracking.metric.MetricBatch;
import dev.slipway.tracking.metric.MetricPoint;
import dev.slipway.tracking.run.LogBatch;
import dev.slipway.tracking.run.NewRun;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.run.RunStatus;
import dev.slipway.tracking.run.RunUpdate;
import dev.slipway.tracking.store.ChunkStore;
import dev.slipway.tracking.store.ExperimentStore;
import dev.slipway.tracking.store.MetricStore;
import dev.slipway.tracking.store.RunStore;
import dev.slipway.tracking.store.StoredChunks;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Holds when segments become chunks, on every database. */
abstract class CompactorContract {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final Duration GRACE = Duration.ofMillis(20);
  private static final Duration NEVER = Duration.ofDays(1);
  private static final long TIMEOUT_SECONDS = 60;

  /** So many segments with little in them are left as they are. */
  private static final int FEW_SEGMENTS = 16;

  private MetricRegistry registry;
  private Database database;
  private MetricStore metrics;
  private RunStore runs;
  private Ingest ingest;

  abstract DatabaseConfig newDatabase();

  @BeforeEach
  void openDatabase() {
    registry = new MetricRegistry();
    database =
        Database.open(newDatabase(), "tracking", "db/migration/tracking", new MetricRegistry());
    metrics = new MetricStore(database);
    runs = new RunStore(database);
    new ExperimentStore(database, "mlflow-artifacts:/").ensureDefault(NOW);
  }

  @AfterEach
  void close() {
    ingest.close();
    database.close();
  }

  private void start(CompactionConfig config) {
    ingest =
        Ingest.start(
            metrics,
            new ChunkStore(database),
            runs,
            config,
            MetricStreams.DEFAULT_WAITING_BYTES,
            Clock.systemUTC(),
            () -> {},
            registry);
  }

  private RunId newRun() {
    RunId id = RunId.create(Instant.EPOCH);
    runs.create(
        new NewRun(Optional.empty(), id, ExperimentId.DEFAULT, "run", "", NOW, List.of()), NOW);
    return id;
  }

  private void log(RunId run, int from, int to) {
    MetricBatch batch =
        new MetricBatch(
            List.of("m"),
            new int[to - from],
            IntStream.range(from, to).asLongStream().toArray(),
            new long[to - from],
            new double[to - from]);
    CompletableFuture<Void> committed = new CompletableFuture<>();
    ingest
        .runs()
        .logBatch(
            new LogBatch(run, batch, List.of(), List.of(), List.of()),
            new GroupCommitter.Outcome() {
              @Override
              public void committed() {
                committed.complete(null);
              }

              @Override
              public void failed(RuntimeException reason) {
                committed.completeExceptionally(reason);
              }
            });
    committed.orTimeout(TIMEOUT_SECONDS, TimeUnit.SECONDS).join();
  }

  private void finish(RunId run) {
    ingest
        .runs()
        .update(
            run,
            new RunUpdate(
                Optional.empty(),
                Optional.empty(),
                Optional.of(RunStatus.FINISHED),
                Optional.empty(),
                Optional.empty()),
            NOW);
  }

  private void awaitChunks(RunId run, int points) throws InterruptedException {
    await(() -> StoredChunks.segments(database, run) == 0);
    assertThat(StoredChunks.check(database, run)).isEqualTo(points);
    assertReadersSee(run, points);
  }

  private void assertReadersSee(RunId run, int points) {
    assertThat(
            metrics
                .history(
                    new HistoryQuery(run, "m", Long.MIN_VALUE, Long.MAX_VALUE, Optional.empty()),
                    points + 1)
                .stream()
                .map(MetricPoint::step))
        .hasSize(points);
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).isLessThan(deadline);
      Thread.sleep(10);
    }
  }

  @Test
  void longTail_isCompactedWhileTheRunGoesOn() throws Exception {
    start(new CompactionConfig(GRACE, NEVER, 5_000));
    RunId run = newRun();
    // In one commit, which is folded as a whole: of several, a pass may take some, and the rest is
    // no long tail any more.
    log(run, 0, 6_000);
    awaitChunks(run, 6_000);
  }

  @Test
  void runThatEnds_isCompacted() throws Exception {
    start(new CompactionConfig(GRACE, NEVER, 1_000_000));
    RunId run = newRun();
    for (int i = 0; i < FEW_SEGMENTS + 4; i++) {
      log(run, i, i + 1);
    }
    finish(run);
    // Those that were not folded yet when the pass began are few, and stay segments.
    await(() -> StoredChunks.check(database, run) > FEW_SEGMENTS);
    ingest.close();
    assertThat(StoredChunks.check(database, run) + StoredChunks.pointsInSegments(database, run))
        .isEqualTo(FEW_SEGMENTS + 4);
    assertReadersSee(run, FEW_SEGMENTS + 4);
  }

  @Test
  void runThatFallsSilent_isCompacted() throws Exception {
    start(new CompactionConfig(GRACE, GRACE, 1_000_000));
    RunId run = newRun();
    log(run, 0, 2_000);
    awaitChunks(run, 2_000);
    log(run, 2_000, 4_500);
    awaitChunks(run, 4_500);
  }

  @Test
  void whatAProcessLeftBehind_isCompactedByTheNextOne() throws Exception {
    start(new CompactionConfig(NEVER, NEVER, 1_000_000));
    RunId run = newRun();
    log(run, 0, 2_000);
    ingest.close();
    assertThat(StoredChunks.segments(database, run)).isEqualTo(1);

    start(new CompactionConfig(GRACE, NEVER, 1_000_000));

    awaitChunks(run, 2_000);
  }

  @Test
  void pointsOfARunThatIsGone_areRemoved() throws Exception {
    start(new CompactionConfig(NEVER, NEVER, 1_000_000));
    RunId run = newRun();
    log(run, 0, 10);
    ingest.close();
    database.write(handle -> handle.execute("DELETE FROM run WHERE run_id = ?", run.uuid()));

    start(new CompactionConfig(GRACE, NEVER, 1_000_000));

    await(() -> StoredChunks.segments(database, run) == 0);
  }

  @Test
  void metrics_tellTailAndPasses() throws Exception {
    start(new CompactionConfig(GRACE, NEVER, 1_000_000));
    RunId run = newRun();
    log(run, 0, 2_000);
    await(
        () ->
            registry.getGauges().get("tracking.compaction.tail-points").getValue().equals(2_000L));
    finish(run);
    awaitChunks(run, 2_000);
    await(() -> registry.meter("tracking.compaction.points").getCount() == 2_000);
    await(() -> registry.timer("tracking.compaction.passes").getCount() == 1);
    await(() -> registry.getGauges().get("tracking.compaction.tail-runs").getValue().equals(0));
    ingest.close();
    assertThat(registry.getGauges()).isEmpty();
  }
}
