package dev.slipway.tracking.service;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.metric.Chunk;
import dev.slipway.tracking.metric.MetricBatch;
import dev.slipway.tracking.retention.PurgeScope;
import dev.slipway.tracking.run.LogBatch;
import dev.slipway.tracking.run.NewRun;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.store.ChunkStore;
import dev.slipway.tracking.store.ExperimentStore;
import dev.slipway.tracking.store.MetricStore;
import dev.slipway.tracking.store.PurgeStore;
import dev.slipway.tracking.store.RunStore;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Holds that a purge leaves nothing of a run that something was about to be written to. */
abstract class PurgeRaceContract {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final long TIMEOUT_SECONDS = 30;
  private static final String OPENER = "opener";
  private static final String PURGER = "purger";

  /** Less than the number of any log. */
  private static final long NO_LOG = 0;

  /** Long enough for one that would not wait, as it should, to end. */
  private static final long PURGE_MILLIS = 1_000;

  private Database database;
  private RunStore runs;
  private MetricStore metrics;
  private Ingest ingest;
  private Retention retention;
  private RunId run;

  abstract DatabaseConfig databaseConfig();

  @BeforeEach
  void open() {
    database =
        Database.open(databaseConfig(), "tracking", "db/migration/tracking", new MetricRegistry());
    new ExperimentStore(database, "mlflow-artifacts:/").ensureDefault(NOW);
    runs = new RunStore(database);
    metrics = new MetricStore(database);
    ingest =
        Ingest.start(
            metrics,
            new ChunkStore(database),
            runs,
            CompactionConfig.DEFAULT,
            MetricStreams.DEFAULT_WAITING_BYTES,
            Clock.systemUTC(),
            () -> {},
            new MetricRegistry());
    retention = new Retention(new PurgeStore(database));
    run = RunId.create(NOW);
    runs.create(
        new NewRun(Optional.empty(), run, ExperimentId.DEFAULT, "run", "", NOW, List.of()), NOW);
  }

  @AfterEach
  void close() {
    ingest.close();
    database.close();
  }

  private CompletableFuture<Void> log(int points) {
    CompletableFuture<Void> told = new CompletableFuture<>();
    ingest
        .runs()
        .logBatch(
            new LogBatch(
                run,
                new MetricBatch(
                    List.of("m"),
                    new int[points],
                    LongStream.range(0, points).toArray(),
                    new long[points],
                    new double[points]),
                List.of(),
                List.of(),
                List.of()),
            new GroupCommitter.Outcome() {
              @Override
              public void committed() {
                told.complete(null);
              }

              @Override
              public void failed(RuntimeException reason) {
                told.completeExceptionally(reason);
              }
            });
    return told;
  }

  /** Purges the run while a thread's transaction has all but committed. */
  private void purgeDuringCommitOf(String thread, Runnable begin) throws Exception {
    CountDownLatch held = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    CountDownLatch committed = new CountDownLatch(1);
    Faults.on(database, thread)
        .next(
            realCommit -> {
              held.countDown();
              await(release);
              realCommit.run();
              committed.countDown();
            });
    begin.run();
    await(held);
    CompletableFuture<Long> purge = CompletableFuture.supplyAsync(this::deleteAndPurge);
    try {
      purge.get(PURGE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      // It waits for the commit, as it should.
    } finally {
      release.countDown();
    }
    assertThat(purge.get(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isEqualTo(1);
    await(committed);
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private long deleteAndPurge() {
    runs.delete(run, NOW);
    return retention.purge(new PurgeScope(NOW, Optional.empty()), 10, () -> false).counts().runs();
  }

  private int rows(String table) {
    return database.read(
        handle ->
            handle
                .createQuery("SELECT COUNT(*) FROM " + table + " WHERE run_id = :run")
                .bind("run", run.uuid())
                .mapTo(Integer.class)
                .one());
  }

  private void assertNothingLeft() {
    assertThat(rows("metric_segment")).isZero();
    assertThat(rows("metric_chunk")).isZero();
    assertThat(rows("metric_compaction")).isZero();
    assertThat(rows("latest_metric")).isZero();
    assertThat(rows("metric_writer")).isZero();
  }

  @Test
  void pointsThatAreBeingCommitted_goWithTheRun() throws Exception {
    // Gives the metric its number, which takes a commit of its own.
    log(1).join();

    purgeDuringCommitOf(
        "tracking-committer",
        () -> {
          var unused = log(1);
        });

    assertNothingLeft();
  }

  @Test
  void latestPointsThatAreBeingWritten_goWithTheRun() throws Exception {
    purgeDuringCommitOf("tracking-folder", () -> log(1).join());

    assertNothingLeft();
  }

  @Test
  void writerThatIsBeingOpened_goesWithTheRun() throws Exception {
    purgeDuringCommitOf(
        OPENER, () -> new Thread(() -> metrics.openWriter(run, "w"), OPENER).start());

    assertNothingLeft();
  }

  @Test
  void chunksOfARunThatIsBeingPurged_areNotMade() throws Exception {
    log(Chunk.MIN_POINTS).join();
    metrics.foldOthers(NO_LOG);
    ChunkStore chunks = new ChunkStore(database);
    CountDownLatch held = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    // The deletion commits, then the wait for commits, then the purge.
    Faults.on(database, PURGER)
        .next(
            Runnable::run,
            Runnable::run,
            realCommit -> {
              held.countDown();
              await(release);
              realCommit.run();
            });
    CompletableFuture<Long> purge =
        CompletableFuture.supplyAsync(
            this::deleteAndPurge, task -> new Thread(task, PURGER).start());
    await(held);
    CompletableFuture<?> compaction =
        CompletableFuture.supplyAsync(() -> chunks.compact(run, chunks.folds()));
    try {
      compaction.get(PURGE_MILLIS, TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      // It waits for the purge.
    } finally {
      release.countDown();
    }
    assertThat(purge.get(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isEqualTo(1);
    compaction.get(TIMEOUT_SECONDS, TimeUnit.SECONDS);

    assertNothingLeft();
  }

  @Test
  void latestPointsInMemory_areForgottenWithTheRun() {
    log(1).join();
    deleteAndPurge();

    // Folds what is left in memory.
    ingest.close();

    assertNothingLeft();
  }
}
