package dev.slipway.tracking.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.TestDatabases;
import dev.slipway.tracking.TrackingModule;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.store.StoredChunks;
import dev.slipway.tracking.v1.CreateRunRequest;
import dev.slipway.tracking.v1.GetMetricHistoryRequest;
import dev.slipway.tracking.v1.GetRunRequest;
import dev.slipway.tracking.v1.LogBatchRequest;
import dev.slipway.tracking.v1.Metric;
import dev.slipway.tracking.v1.MetricBatch;
import dev.slipway.tracking.v1.QueryMetricsRequest;
import dev.slipway.tracking.v1.SearchRunsRequest;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import dev.slipway.tracking.v1.TrackingServiceGrpc.TrackingServiceBlockingStub;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills a server in the middle of metric streams, {@code LogBatch} calls and compactions, again and
 * again, and looks for what it acknowledged. {@code benchmarks/run crash} does the same for longer.
 */
class StreamMetricsCrashIT {
  private static final int STREAMS = 4;

  /** More segments than are left as they are. */
  private static final int COMMITS = 20;

  private static final int KILLS = Integer.getInteger("slipway.crash.rounds", 4);
  private static final long SEED = Long.getLong("slipway.crash.seed", 11);

  @TempDir private Path folder;

  @Test
  void killedOnH2_everyAcknowledgedPointIsThereOnce() throws Exception {
    killAndLook(TestDatabases.h2(folder));
  }

  @Test
  void killedOnPostgres_everyAcknowledgedPointIsThereOnce() throws Exception {
    killAndLook(TestDatabases.postgres());
  }

  /** Is a run with what the clients know of it. */
  private static final class Trial {
    private final String run;

    /**
     * Steps of calls of which nobody knows what became. Only the caller's thread uses these two.
     */
    private final Set<Long> calledUnanswered = new TreeSet<>();

    private long called;
    private long acknowledgedSeq;

    Trial(String run) {
      this.run = run;
    }

    private RunId id() {
      return RunId.parse(run);
    }

    private boolean isAnswered(long step) {
      return !calledUnanswered.contains(step);
    }

    /** Calls until a call fails, as it does when the server is killed. */
    private void call(TrackingServiceBlockingStub stub) {
      try {
        while (true) {
          called++;
          calledUnanswered.add(called);
          var unused =
              stub.logBatch(
                  LogBatchRequest.newBuilder()
                      .setRunId(run)
                      .addMetrics(
                          Metric.newBuilder()
                              .setKey("called")
                              .setStep(called)
                              .setTimestampMs(called)
                              .setValue((double) called))
                      .build());
          calledUnanswered.remove(called);
        }
      } catch (StatusRuntimeException e) {
        // gRPC does not know why a call failed that began while the connection was breaking.
        assertThat(e.getStatus().getCode()).isIn(Status.Code.UNAVAILABLE, Status.Code.UNKNOWN);
      }
    }
  }

  private static void killAndLook(DatabaseConfig database) throws Exception {
    Random random = new Random(SEED);
    List<Trial> trials = new ArrayList<>();
    for (int kill = 0; kill < KILLS; kill++) {
      streamUntilKilled(database, trials, 100 + random.nextInt(1500));
    }
    long[] stored = readBack(database, trials);
    countStoredPoints(database, trials, stored);
    System.out.printf(
        "%s: %d kills, %,d points, each acknowledged one there once%n",
        database.dialect(), KILLS, LongStream.of(stored).sum());
  }

  private static void streamUntilKilled(DatabaseConfig database, List<Trial> trials, long millis)
      throws Exception {
    KilledServer server = KilledServer.start(database);
    ManagedChannel channel = channel(server);
    try {
      TrackingServiceBlockingStub stub = TrackingServiceGrpc.newBlockingStub(channel);
      while (trials.size() < STREAMS) {
        trials.add(
            new Trial(stub.createRun(CreateRunRequest.getDefaultInstance()).getInfo().getRunId()));
      }
      List<MetricWriter> writers = new ArrayList<>();
      List<CompletableFuture<Void>> callers = new ArrayList<>();
      long[] seqs = new long[STREAMS];
      for (int i = 0; i < STREAMS; i++) {
        Trial trial = trials.get(i);
        MetricWriter writer = MetricWriter.open(channel, trial.run, "w");
        seqs[i] = writer.opened().getCommittedSeq();
        assertThat(seqs[i]).isGreaterThanOrEqualTo(trial.acknowledgedSeq);
        writers.add(writer);
        callers.add(
            CompletableFuture.runAsync(() -> trial.call(stub), task -> new Thread(task).start()));
      }
      // However slow the machine is, every life brings something that could be lost, and segments
      // enough to be made into chunks.
      for (int commit = 0; commit < COMMITS; commit++) {
        for (int i = 0; i < STREAMS; i++) {
          seqs[i]++;
          writers.get(i).send(batch(seqs[i]));
        }
        for (int i = 0; i < STREAMS; i++) {
          writers.get(i).awaitCommitted(seqs[i]);
        }
      }
      long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
      while (System.nanoTime() < end) {
        for (int i = 0; i < STREAMS; i++) {
          if (writers.get(i).isReady()) {
            seqs[i]++;
            writers.get(i).send(batch(seqs[i]));
          }
        }
      }
      server.kill();
      for (int i = 0; i < STREAMS; i++) {
        callers.get(i).get(30, TimeUnit.SECONDS);
        writers.get(i).awaitError();
        Trial trial = trials.get(i);
        trial.acknowledgedSeq = Math.max(trial.acknowledgedSeq, writers.get(i).committedSeq());
      }
    } finally {
      server.kill();
      channel.shutdownNow();
    }
  }

  private static ManagedChannel channel(KilledServer server) {
    return NettyChannelBuilder.forAddress("127.0.0.1", server.port()).usePlaintext().build();
  }

  /** One point of {@code m}, and with every third batch one of {@code n}. */
  private static MetricBatch.Builder batch(long seq) {
    MetricBatch.Builder batch =
        MetricBatch.newBuilder()
            .setSeq(seq)
            .addAllNames(List.of("m", "n"))
            .addNameIndex(0)
            .addStep(seq)
            .addTimestampMs(seq)
            .addValue((double) seq);
    return seq % 3 > 0 ? batch : batch.addNameIndex(1).addValue((double) -seq);
  }

  /** Returns how many points each run has. */
  private static long[] readBack(DatabaseConfig database, List<Trial> trials) throws Exception {
    long[] points = new long[STREAMS];
    KilledServer server = KilledServer.start(database);
    ManagedChannel channel = channel(server);
    try {
      TrackingServiceBlockingStub stub = TrackingServiceGrpc.newBlockingStub(channel);
      for (int i = 0; i < STREAMS; i++) {
        Trial trial = trials.get(i);
        long committed = MetricWriter.open(channel, trial.run, "w").opened().getCommittedSeq();
        assertThat(committed).isPositive().isGreaterThanOrEqualTo(trial.acknowledgedSeq);
        assertThat(steps(stub, trial.run, "m"))
            .isEqualTo(LongStream.rangeClosed(1, committed).boxed().toList());
        assertThat(steps(stub, trial.run, "n"))
            .isEqualTo(LongStream.rangeClosed(1, committed / 3).map(n -> n * 3).boxed().toList());
        List<Long> called = steps(stub, trial.run, "called");
        assertThat(called).isSorted().allMatch(step -> step <= trial.called);
        assertThat(called.stream().filter(trial::isAnswered))
            .containsExactlyElementsOf(
                LongStream.rangeClosed(1, trial.called).boxed().filter(trial::isAnswered).toList());
        assertThat(
                stub.queryMetrics(
                        QueryMetricsRequest.newBuilder()
                            .addRunIds(trial.run)
                            .addMetricKeys("m")
                            .build())
                    .next()
                    .getSeries()
                    .getPointCount())
            .isEqualTo(committed);
        assertThat(
                stub
                    .getRun(GetRunRequest.newBuilder().setRunId(trial.run).build())
                    .getData()
                    .getMetricsList()
                    .stream()
                    .collect(Collectors.toMap(Metric::getKey, Metric::getStep)))
            .isEqualTo(
                Map.of(
                    "m",
                    committed,
                    "n",
                    committed / 3 * 3,
                    "called",
                    called.get(called.size() - 1)));
        assertThat(
                stub.searchRuns(
                        SearchRunsRequest.newBuilder()
                            .addExperimentIds("0")
                            .setFilter("run_id = '" + trial.run + "' and metrics.m = " + committed)
                            .build())
                    .getRunsList())
            .hasSize(1);
        points[i] = committed + committed / 3 + called.size();
      }
    } finally {
      server.kill();
      channel.shutdownNow();
    }
    return points;
  }

  private static List<Long> steps(TrackingServiceBlockingStub stub, String run, String metric) {
    List<Long> steps = new ArrayList<>();
    String token = "";
    do {
      var page =
          stub.getMetricHistory(
              GetMetricHistoryRequest.newBuilder()
                  .setRunId(run)
                  .setMetricKey(metric)
                  .setPageSize(100_000)
                  .setPageToken(token)
                  .build());
      steps.addAll(page.getPoints().getStepList());
      token = page.getNextPageToken();
    } while (!token.isEmpty());
    return steps;
  }

  /** Readers show equal points once, so that only the rows tell whether one was stored twice. */
  private static void countStoredPoints(DatabaseConfig config, List<Trial> trials, long[] points)
      throws InterruptedException {
    try (Database database =
        Database.open(config, "tracking", "db/migration/tracking", new MetricRegistry())) {
      awaitChunks(config, database, trials);
      for (int i = 0; i < STREAMS; i++) {
        RunId run = trials.get(i).id();
        assertThat(StoredChunks.check(database, run) + StoredChunks.pointsInSegments(database, run))
            .isEqualTo(points[i]);
      }
    }
  }

  /** However short the lives were, some of the points are looked for in chunks. */
  private static void awaitChunks(DatabaseConfig config, Database database, List<Trial> trials)
      throws InterruptedException {
    TrackingModule module =
        TrackingModule.open(KilledServer.config(config), new MetricRegistry(), Clock.systemUTC());
    try {
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (trials.stream().allMatch(trial -> StoredChunks.check(database, trial.id()) == 0)) {
        assertThat(System.nanoTime()).as("no chunk within a minute").isLessThan(end);
        Thread.sleep(20);
      }
    } finally {
      module.close();
    }
  }
}
