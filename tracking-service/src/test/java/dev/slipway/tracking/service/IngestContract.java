package dev.slipway.tracking.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.database.CommitUncertainException;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.database.DatabaseException;
import dev.slipway.runtime.error.Violations;
import dev.slipway.runtime.paging.PageRequest;
import dev.slipway.runtime.search.SearchParser;
import dev.slipway.tracking.entry.Param;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.lifecycle.ViewType;
import dev.slipway.tracking.metric.HistoryQuery;
import dev.slipway.tracking.metric.MetricBatch;
import dev.slipway.tracking.metric.MetricPoint;
import dev.slipway.tracking.metric.SequenceGapException;
import dev.slipway.tracking.metric.WriterFencedException;
import dev.slipway.tracking.run.LogBatch;
import dev.slipway.tracking.run.NewRun;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.run.RunProjection;
import dev.slipway.tracking.search.RunFieldRules;
import dev.slipway.tracking.search.RunQuery;
import dev.slipway.tracking.store.ChunkStore;
import dev.slipway.tracking.store.ExperimentStore;
import dev.slipway.tracking.store.MetricStore;
import dev.slipway.tracking.store.RunStore;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Holds what committer, folder and streams promise together, whatever the database does. */
abstract class IngestContract {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final String COMMITTER = "tracking-committer";
  private static final String ENTRIES = "tracking-entries";
  private static final long TIMEOUT_SECONDS = 30;

  /** Room for two of the largest batches; five before a stream is refused. */
  private static final long STREAM_BYTES =
      5L * MetricBatch.MAX_POINTS * MetricBatch.POINT_BYTES / 2;

  private final List<AutoCloseable> resources = new ArrayList<>();
  private DatabaseConfig config;
  private Replica replica;

  abstract DatabaseConfig databaseConfig();

  /** Is one process of those that share a database. */
  private final class Replica {
    private final Database database =
        Database.open(config, "tracking", "db/migration/tracking", new MetricRegistry());
    private final MetricStore metrics = new MetricStore(database);
    private final RunStore runs = new RunStore(database);
    private final Ingest ingest =
        Ingest.start(
            metrics,
            new ChunkStore(database),
            runs,
            CompactionConfig.DEFAULT,
            STREAM_BYTES,
            Clock.systemUTC(),
            () -> {},
            new MetricRegistry());
    private final Faults faults = Faults.on(database, COMMITTER, ENTRIES);

    Replica() {
      resources.add(0, database);
      resources.add(0, ingest);
    }

    Result log(RunId run, String key, MetricPoint... points) {
      Result result = new Result();
      ingest
          .runs()
          .logBatch(new LogBatch(run, batch(key, points), List.of(), List.of(), List.of()), result);
      return result;
    }

    Result param(RunId run, String key) {
      Result result = new Result();
      LogBatch batch =
          new LogBatch(run, MetricBatch.EMPTY, List.of(new Param(key, "1")), List.of(), List.of());
      ingest.runs().logBatch(batch, result);
      return result;
    }

    List<RunId> search(String filter) {
      RunQuery query =
          new RunQuery(
              Set.of(ExperimentId.DEFAULT),
              new SearchParser<>(new RunFieldRules()).filter(filter),
              List.of(),
              ViewType.ALL,
              RunProjection.ALL);
      PageRequest page = PageRequest.of(0, "", 100, 100, "q", new Violations());
      return ingest.runs().search(query, page).items().stream()
          .map(run -> run.info().id())
          .toList();
    }

    List<MetricPoint> history(RunId run, String key) {
      return metrics.history(
          new HistoryQuery(run, key, Long.MIN_VALUE, Long.MAX_VALUE, Optional.empty()), 1_000);
    }
  }

  /** Waits for what becomes of a write. */
  private static final class Result implements GroupCommitter.Outcome {
    private final CompletableFuture<String> told = new CompletableFuture<>();
    private int times;

    @Override
    public synchronized void committed() {
      times++;
      told.complete("committed");
    }

    @Override
    public synchronized void failed(RuntimeException reason) {
      times++;
      told.completeExceptionally(reason);
    }

    void awaitCommitted() {
      assertThat(told.orTimeout(TIMEOUT_SECONDS, TimeUnit.SECONDS).join()).isEqualTo("committed");
      assertThat(times).isEqualTo(1);
    }

    Throwable awaitFailure() {
      try {
        told.orTimeout(TIMEOUT_SECONDS, TimeUnit.SECONDS).join();
      } catch (CompletionException e) {
        assertThat(times).isEqualTo(1);
        return e.getCause();
      }
      throw new AssertionError("the write was committed");
    }
  }

  /** Hears of a stream. */
  private static final class Listener implements MetricStream.Listener {
    private final CompletableFuture<Optional<RuntimeException>> ended = new CompletableFuture<>();
    private final CountDownLatch letIn = new CountDownLatch(1);
    private long committedSeq;
    private int reports;

    @Override
    public synchronized void progressed(long seq) {
      committedSeq = seq;
      reports++;
      notifyAll();
    }

    @Override
    public void roomAgain() {
      letIn.countDown();
    }

    @Override
    public void ended(MetricStream stream, Optional<RuntimeException> reason) {
      ended.complete(reason);
    }

    synchronized void awaitCommitted(long seq) throws InterruptedException {
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
      while (committedSeq < seq) {
        assertThat(System.nanoTime()).isLessThan(deadline);
        wait(100);
      }
    }

    Optional<RuntimeException> awaitEnd() {
      return ended.orTimeout(TIMEOUT_SECONDS, TimeUnit.SECONDS).join();
    }
  }

  @BeforeEach
  void open() {
    config = databaseConfig();
    replica = new Replica();
    new ExperimentStore(replica.database, "mlflow-artifacts:/").ensureDefault(NOW);
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable resource : resources) {
      resource.close();
    }
  }

  private RunId newRun() {
    RunId id = RunId.create(NOW);
    replica.runs.create(
        new NewRun(Optional.empty(), id, ExperimentId.DEFAULT, "run", "", NOW, List.of()), NOW);
    return id;
  }

  private static MetricBatch batch(String key, MetricPoint... points) {
    return new MetricBatch(
        List.of(key),
        new int[points.length],
        List.of(points).stream().mapToLong(MetricPoint::step).toArray(),
        List.of(points).stream().mapToLong(MetricPoint::timestampMillis).toArray(),
        List.of(points).stream().mapToDouble(MetricPoint::value).toArray());
  }

  private static MetricPoint point(long step, double value) {
    return new MetricPoint(step, 1000 + step, value);
  }

  /** Keeps the committer in its next commit, so that what comes meanwhile is committed together. */
  private CountDownLatch holdCommitter(RunId run) throws InterruptedException {
    return holdCommitter(() -> replica.log(run, "m", point(0, 0)));
  }

  private CountDownLatch holdCommitter(Supplier<Result> write) throws InterruptedException {
    CountDownLatch held = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    replica.faults.next(
        realCommit -> {
          held.countDown();
          awaitQuietly(release);
          realCommit.run();
        });
    Result unused = write.get();
    assertThat(held.await(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();
    return release;
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      assertThat(latch.await(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void commitWithUnknownOutcome_thatTookPlace_reachesLatestValues() {
    RunId run = newRun();
    replica.log(run, "m", point(1, 1)).awaitCommitted();
    replica.log(run, "n", point(1, 1)).awaitCommitted();
    assertThat(replica.search("metrics.m = 1")).containsExactly(run);

    replica.faults.next(Faults.LOST_AFTERWARDS);
    assertThat(replica.log(run, "m", point(5, 5)).awaitFailure())
        .isInstanceOf(CommitUncertainException.class);
    assertThat(replica.search("metrics.m = 5")).containsExactly(run);

    replica.faults.next(Faults.LOST_AFTERWARDS);
    assertThat(replica.log(run, "m", point(6, 6)).awaitFailure())
        .isInstanceOf(CommitUncertainException.class);
    replica.log(run, "n", point(2, 2)).awaitCommitted();
    assertThat(replica.search("metrics.m = 6 and metrics.n = 2")).containsExactly(run);
  }

  @Test
  void commitWithUnknownOutcome_thatDidNotTakePlace_leavesNoTrace() {
    RunId run = newRun();
    replica.log(run, "m", point(1, 1)).awaitCommitted();

    replica.faults.next(Faults.LOST_BEFORE);
    assertThat(replica.log(run, "m", point(5, 5)).awaitFailure())
        .isInstanceOf(CommitUncertainException.class);

    assertThat(replica.search("metrics.m = 1")).containsExactly(run);
    replica.log(run, "m", point(2, 2)).awaitCommitted();
    assertThat(replica.search("metrics.m = 2")).containsExactly(run);
    assertThat(replica.history(run, "m")).containsExactly(point(1, 1), point(2, 2));
  }

  @Test
  void commitWithUnknownOutcome_isNotRepeated() throws Exception {
    RunId run = newRun();
    replica.log(run, "m", point(0, 0)).awaitCommitted();
    CountDownLatch release = holdCommitter(run);
    Result first = replica.log(run, "m", point(1, 1));
    Result second = replica.log(run, "m", point(2, 2));
    replica.faults.next(Faults.LOST_BEFORE);
    release.countDown();

    assertThat(first.awaitFailure()).isInstanceOf(CommitUncertainException.class);
    assertThat(second.awaitFailure()).isInstanceOf(CommitUncertainException.class);
    assertThat(replica.history(run, "m")).containsExactly(point(0, 0));
  }

  @Test
  void commitThatFailedButTookPlace_isRecognisedWhenItsBatchesAreTriedOneByOne() throws Exception {
    RunId run = newRun();
    replica.log(run, "m", point(0, 0)).awaitCommitted();
    Listener listener = new Listener();
    MetricStream stream = replica.ingest.streams().open(run, "w", listener);
    CountDownLatch release = holdCommitter(run);
    stream.receive(1, batch("m", point(1, 1)));
    stream.receive(2, batch("m", point(2, 2)));
    replica.faults.next(
        realCommit -> {
          realCommit.run();
          throw Faults.failure("XX000");
        });
    release.countDown();

    listener.awaitCommitted(2);
    stream.receive(3, batch("m", point(3, 3)));
    listener.awaitCommitted(3);
    assertThat(listener.ended).isNotDone();
    assertThat(replica.history(run, "m"))
        .containsExactly(point(0, 0), point(1, 1), point(2, 2), point(3, 3));
    assertThat(replica.search("metrics.m = 3")).containsExactly(run);
  }

  @Test
  void writeThatTheDatabaseCannotTake_failsAlone() throws Exception {
    RunId run = newRun();
    replica.log(run, "m", point(0, 0)).awaitCommitted();
    CountDownLatch release = holdCommitter(run);
    Result first = replica.log(run, "m", point(1, 1));
    Result second = replica.log(run, "m", point(2, 2));
    Faults.Fault broken =
        realCommit -> {
          throw Faults.failure("XX000");
        };
    replica.faults.next(broken, broken);
    release.countDown();

    assertThat(first.awaitFailure()).hasRootCauseMessage("planned");
    second.awaitCommitted();
    assertThat(replica.history(run, "m")).containsExactly(point(0, 0), point(2, 2));
  }

  @Test
  void errorInTheCommitter_isToldToEverybodyOnceAndClosesTheDoor() throws Exception {
    RunId run = newRun();
    replica.log(run, "m", point(0, 0)).awaitCommitted();
    CountDownLatch release = holdCommitter(run);
    List<Result> results = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      results.add(replica.log(run, "m", point(i, i)));
    }
    replica.faults.next(
        realCommit -> {
          throw Faults.failure("XX000");
        },
        Runnable::run,
        realCommit -> {
          throw new StackOverflowError("planned");
        });
    release.countDown();

    results.get(0).awaitCommitted();
    for (Result undecided : results.subList(1, 3)) {
      assertThat(undecided.awaitFailure()).isInstanceOf(GroupCommitter.StoppingException.class);
    }
    assertThat(replica.ingest.isOpen()).isFalse();
    assertThatThrownBy(() -> replica.log(run, "m", point(9, 9)))
        .isInstanceOf(GroupCommitter.StoppingException.class);
  }

  @Test
  void foldThatFails_isMadeUpForByTheNextOne() {
    RunId run = newRun();
    replica.log(run, "m", point(1, 1)).awaitCommitted();
    Faults onThisThread = Faults.on(replica.database, Thread.currentThread().getName());
    boolean failed = false;
    for (int step = 2; !failed; step++) {
      // Now and then the timer folds first, and there is nothing to fail.
      replica.log(run, "m", point(step, step)).awaitCommitted();
      onThisThread.only(Faults.LOST_BEFORE);
      try {
        replica.search("metrics.m = 1");
      } catch (DatabaseException | CommitUncertainException e) {
        failed = true;
        assertThat(replica.search("metrics.m = " + step)).containsExactly(run);
      }
    }
  }

  @Test
  void logThatWasForgotten_isReplacedByAnother() {
    RunId run = newRun();
    replica.log(run, "m", point(1, 1)).awaitCommitted();
    assertThat(replica.search("metrics.m = 1")).containsExactly(run);
    replica.metrics.closeQuietLogs(Instant.now().plusSeconds(60));

    replica.log(run, "m", point(2, 2)).awaitCommitted();

    assertThat(replica.search("metrics.m = 2")).containsExactly(run);
    assertThat(replica.history(run, "m")).containsExactly(point(1, 1), point(2, 2));
  }

  @Test
  void waitingWrites_areBoundedByTheirSize() throws Exception {
    RunId run = newRun();
    replica.log(run, "m", point(0, 0)).awaitCommitted();
    CountDownLatch release = holdCommitter(() -> replica.param(run, "o"));
    String text = "x".repeat(Param.MAX_VALUE_CHARS);
    List<Param> params = IntStream.range(0, 1000).mapToObj(i -> new Param("p" + i, text)).toList();
    LogBatch large = new LogBatch(run, MetricBatch.EMPTY, params, List.of(), List.of());
    List<Result> results = new ArrayList<>();

    assertThatThrownBy(
            () -> {
              while (results.size() < 1000) {
                Result result = new Result();
                replica.ingest.runs().logBatch(large, result);
                results.add(result);
              }
            })
        .isInstanceOf(GroupCommitter.OverloadedException.class);
    assertThat(2L * text.length() * params.size() * results.size())
        .isLessThan(GroupCommitter.MAX_WAITING_BYTES);

    release.countDown();
    results.forEach(Result::awaitCommitted);
    replica.log(run, "m", point(1, 1)).awaitCommitted();
  }

  @Test
  void streamsThatFillTheirMemory_letOthersReadOnceTheyAreCommitted() throws Exception {
    RunId run = newRun();
    replica.log(run, "m", point(0, 0)).awaitCommitted();
    CountDownLatch release = holdCommitter(run);
    List<Listener> listeners = new ArrayList<>();
    List<MetricStream> streams = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      listeners.add(new Listener());
      streams.add(replica.ingest.streams().open(run, "w" + i, listeners.get(i)));
    }
    for (MetricStream stream : streams.subList(0, 2)) {
      assertThat(stream.hasRoom(MetricStreams.MAX_CREDIT)).isTrue();
      stream.receive(1, largest());
    }
    MetricStream third = streams.get(2);
    third.receive(1, half());
    assertThat(third.hasRoom(MetricStreams.MAX_CREDIT)).isFalse();
    assertThat(listeners.get(2).letIn.getCount()).isEqualTo(1);
    replica.log(run, "m", point(1, 1));

    release.countDown();
    assertThat(listeners.get(2).letIn.await(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();
    third.receive(2, largest());
    for (Listener listener : listeners) {
      listener.awaitCommitted(1);
    }
    listeners.get(2).awaitCommitted(2);
    assertThat(replica.ingest.streams().waitingBytes()).isZero();
  }

  @Test
  void streamForWhichThereIsNoMemory_endsAndGoesOnWhereItWasCommitted() throws Exception {
    RunId run = newRun();
    replica.log(run, "m", point(0, 0)).awaitCommitted();
    CountDownLatch release = holdCommitter(run);
    List<Listener> listeners = new ArrayList<>();
    List<MetricStream> silent = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      listeners.add(new Listener());
      silent.add(replica.ingest.streams().open(run, "w" + i, listeners.get(i)));
      if (!silent.get(i).hasRoom(MetricStreams.MAX_CREDIT)) {
        assertThat(listeners.get(i).letIn.await(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();
      }
    }
    MetricStream refused = silent.get(4);
    refused.receive(1, batch("m", point(1, 1)));
    for (MetricStream stream : silent.subList(0, 4)) {
      stream.receive(1, largest());
    }
    refused.receive(2, largest());
    assertThat(refused.hasRoom(MetricStreams.MAX_CREDIT)).isFalse();

    release.countDown();
    assertThat(listeners.get(4).awaitEnd())
        .containsInstanceOf(GroupCommitter.OverloadedException.class);
    for (Listener listener : listeners) {
      listener.awaitCommitted(1);
    }
    assertThat(replica.ingest.streams().waitingBytes()).isZero();
    Listener resumed = new Listener();
    MetricStream again = replica.ingest.streams().open(run, "w4", resumed);
    assertThat(again.opened().committedSeq()).isEqualTo(1);
    again.receive(2, largest());
    resumed.awaitCommitted(2);
  }

  private static MetricBatch half() {
    return batchOf(MetricBatch.MAX_POINTS / 2);
  }

  private static MetricBatch largest() {
    return batchOf(MetricBatch.MAX_POINTS);
  }

  private static MetricBatch batchOf(int points) {
    return new MetricBatch(
        List.of("large"), new int[points], new long[points], new long[points], new double[points]);
  }

  @Test
  void names_useUpCreditLikePoints() throws Exception {
    RunId run = newRun();
    replica.log(run, "m", point(0, 0)).awaitCommitted();
    MetricStream stream = replica.ingest.streams().open(run, "w", new Listener());
    CountDownLatch release = holdCommitter(run);
    stream.receive(1, batch("m", point(1, 1)));
    assertThat(stream.hasRoom(1000)).isTrue();
    List<String> names =
        IntStream.range(0, 100).mapToObj(i -> ("n" + i + "/").repeat(40) + "x").toList();
    stream.receive(
        2,
        new MetricBatch(
            names,
            IntStream.range(0, 100).toArray(),
            new long[100],
            new long[100],
            new double[100]));
    assertThat(stream.hasRoom(1000)).isFalse();
    release.countDown();
  }

  @Test
  void batchesOfOnePoint_useUpCreditByTheirNumber() throws Exception {
    RunId run = newRun();
    replica.log(run, "m", point(0, 0)).awaitCommitted();
    Listener listener = new Listener();
    MetricStream stream = replica.ingest.streams().open(run, "w", listener);
    CountDownLatch release = holdCommitter(run);
    int sent = 0;
    while (stream.hasRoom(1000)) {
      sent++;
      stream.receive(sent, batch("m", point(sent, sent)));
    }
    assertThat(sent).isBetween(10, 100);
    release.countDown();
    listener.awaitCommitted(sent);
  }

  @Test
  void batchesThatAreCommittedTogether_areReportedOnce() throws Exception {
    RunId run = newRun();
    replica.log(run, "m", point(0, 0)).awaitCommitted();
    Listener listener = new Listener();
    MetricStream stream = replica.ingest.streams().open(run, "w", listener);
    CountDownLatch release = holdCommitter(run);
    for (int seq = 1; seq <= 10; seq++) {
      stream.receive(seq, batch("m", point(seq, seq)));
    }
    release.countDown();
    listener.awaitCommitted(10);
    synchronized (listener) {
      assertThat(listener.reports).isEqualTo(1);
    }
  }

  @Test
  void gap_isToldAfterTheBatchesBeforeIt() throws Exception {
    RunId run = newRun();
    replica.log(run, "m", point(0, 0)).awaitCommitted();
    Listener listener = new Listener();
    MetricStream stream = replica.ingest.streams().open(run, "w", listener);
    CountDownLatch release = holdCommitter(run);
    stream.receive(1, batch("m", point(1, 1)));
    stream.receive(3, batch("m", point(3, 3)));
    release.countDown();
    assertThat(listener.awaitEnd()).containsInstanceOf(SequenceGapException.class);
    synchronized (listener) {
      assertThat(listener.committedSeq).isEqualTo(1);
    }
  }

  @Test
  void close_letsAFoldEndThatIsUnderWay() throws Exception {
    RunId run = newRun();
    CountDownLatch held = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
    Faults.on(replica.database, "tracking-folder")
        .next(
            realCommit -> {
              held.countDown();
              try {
                interrupted.complete(!release.await(TIMEOUT_SECONDS, TimeUnit.SECONDS));
              } catch (InterruptedException e) {
                // H2 would close its file in the middle of the write.
                interrupted.complete(true);
              }
              realCommit.run();
            });
    replica.log(run, "m", point(1, 1)).awaitCommitted();
    awaitQuietly(held);

    Thread closing = new Thread(replica.ingest::close);
    closing.start();
    while (closing.getState() != Thread.State.WAITING
        && closing.getState() != Thread.State.TIMED_WAITING
        && closing.isAlive()) {
      Thread.onSpinWait();
    }
    release.countDown();
    closing.join();

    assertThat(interrupted).isCompletedWithValue(false);
    assertThat(replica.runs.get(run, RunProjection.ALL).metrics().get(0).point())
        .isEqualTo(point(1, 1));
  }

  @Test
  void drain_endsOpenStreamsAndOpensNoMore() throws Exception {
    RunId run = newRun();
    Listener before = new Listener();
    replica.ingest.streams().open(run, "w", before).receive(1, batch("m", point(1, 1)));
    replica.ingest.streams().drain();

    assertThat(before.awaitEnd()).containsInstanceOf(GroupCommitter.StoppingException.class);
    assertThat(replica.history(run, "m")).containsExactly(point(1, 1));
    assertThatThrownBy(() -> replica.ingest.streams().open(run, "w", new Listener()))
        .isInstanceOf(GroupCommitter.StoppingException.class);
  }

  @Test
  void drain_whileAStreamOpens_endsItAllTheSame() {
    RunId run = newRun();
    Faults onThisThread = Faults.on(replica.database, Thread.currentThread().getName());
    onThisThread.next(
        realCommit -> {
          realCommit.run();
          replica.ingest.streams().drain();
        });
    Listener opening = new Listener();
    MetricStream unused = replica.ingest.streams().open(run, "w", opening);
    assertThat(opening.awaitEnd()).containsInstanceOf(GroupCommitter.StoppingException.class);
  }

  @Test
  void twoReplicas_fenceWritersAndSeeEachOthersLatestValues() throws Exception {
    RunId run = newRun();
    Replica other = new Replica();
    Listener olderListener = new Listener();
    MetricStream older = replica.ingest.streams().open(run, "w", olderListener);
    older.receive(1, batch("m", point(1, 1)));
    olderListener.awaitCommitted(1);
    assertThat(other.search("metrics.m = 1")).containsExactly(run);

    Listener newerListener = new Listener();
    MetricStream newer = other.ingest.streams().open(run, "w", newerListener);
    assertThat(newer.opened().epoch()).isEqualTo(2);
    assertThat(newer.opened().committedSeq()).isEqualTo(1);
    older.receive(2, batch("m", point(2, 20)));
    assertThat(olderListener.awaitEnd()).containsInstanceOf(WriterFencedException.class);
    newer.receive(2, batch("m", point(2, 2)));
    newerListener.awaitCommitted(2);

    assertThat(replica.search("metrics.m = 2")).containsExactly(run);
    assertThat(replica.runs.get(run, RunProjection.ALL).metrics().get(0).point())
        .isEqualTo(point(2, 2));
    assertThat(replica.history(run, "m")).containsExactly(point(1, 1), point(2, 2));
  }

  @Test
  void paramsOfACommitThatFailedButTookPlace_areNotAConflict() throws Exception {
    RunId run = newRun();
    replica.log(run, "m", point(0, 0)).awaitCommitted();
    CountDownLatch release = holdCommitter(() -> replica.param(run, "o"));
    List<Result> results = List.of(replica.param(run, "p"), replica.param(run, "q"));
    replica.faults.next(
        realCommit -> {
          realCommit.run();
          throw Faults.failure("XX000");
        });
    release.countDown();

    results.forEach(Result::awaitCommitted);
    assertThat(replica.runs.get(run, RunProjection.ALL).params())
        .containsExactly(new Param("o", "1"), new Param("p", "1"), new Param("q", "1"));
  }

  @Test
  void points_areCommittedWhileAParamWaitsForItsRun() throws Exception {
    RunId run = newRun();
    RunId other = newRun();
    try (Database holder =
            Database.open(config, "tracking", "db/migration/tracking", new MetricRegistry());
        Handle handle = holder.jdbi().open()) {
      handle.begin();
      handle.execute("SELECT run_id FROM run WHERE run_id = ? FOR UPDATE", run.uuid());

      Result param = replica.param(run, "p");
      replica.log(other, "m", point(1, 1)).awaitCommitted();
      replica.log(run, "m", point(2, 2)).awaitCommitted();
      assertThat(param.told).isNotDone();
      handle.rollback();
      param.awaitCommitted();
    }
    assertThat(replica.history(run, "m")).containsExactly(point(2, 2));
  }
}
