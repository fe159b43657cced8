package dev.slipway.tracking.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.TestDatabases;
import dev.slipway.tracking.v1.CreateRunRequest;
import dev.slipway.tracking.v1.GetMetricHistoryRequest;
import dev.slipway.tracking.v1.GetRunRequest;
import dev.slipway.tracking.v1.MetricBatch;
import dev.slipway.tracking.v1.SearchRunsRequest;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import dev.slipway.tracking.v1.TrackingServiceGrpc.TrackingServiceBlockingStub;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills a server in the middle of metric streams, again and again, and looks for what it
 * acknowledged.
 */
class StreamMetricsCrashIT {
  private static final int STREAMS = 4;
  private static final int KILLS = 4;

  @TempDir private Path folder;

  @Test
  void killedOnH2_everyAcknowledgedPointIsThereOnce() throws Exception {
    killAndLook(TestDatabases.h2(folder));
  }

  @Test
  void killedOnPostgres_everyAcknowledgedPointIsThereOnce() throws Exception {
    killAndLook(TestDatabases.postgres());
  }

  private static void killAndLook(DatabaseConfig database) throws Exception {
    Random random = new Random(11);
    List<String> runs = new ArrayList<>();
    long[] acknowledged = new long[STREAMS];
    for (int kill = 0; kill < KILLS; kill++) {
      streamUntilKilled(database, runs, acknowledged, 300 + random.nextInt(700));
    }
    long[] committed = readBack(database, runs, acknowledged);
    countStoredPoints(database, runs, committed);
  }

  private static void streamUntilKilled(
      DatabaseConfig database, List<String> runs, long[] acknowledged, long millis)
      throws Exception {
    KilledServer server = KilledServer.start(database);
    ManagedChannel channel = channel(server);
    try {
      while (runs.size() < STREAMS) {
        runs.add(
            TrackingServiceGrpc.newBlockingStub(channel)
                .createRun(CreateRunRequest.getDefaultInstance())
                .getInfo()
                .getRunId());
      }
      List<MetricWriter> writers = new ArrayList<>();
      long[] seqs = new long[STREAMS];
      for (int i = 0; i < STREAMS; i++) {
        MetricWriter writer = MetricWriter.open(channel, runs.get(i), "w");
        seqs[i] = writer.opened().getCommittedSeq();
        assertThat(seqs[i]).isGreaterThanOrEqualTo(acknowledged[i]);
        writers.add(writer);
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
        writers.get(i).awaitError();
        acknowledged[i] = Math.max(acknowledged[i], writers.get(i).committedSeq());
      }
    } finally {
      server.kill();
      channel.shutdownNow();
    }
  }

  private static ManagedChannel channel(KilledServer server) {
    return NettyChannelBuilder.forAddress("127.0.0.1", server.port()).usePlaintext().build();
  }

  private static MetricBatch.Builder batch(long seq) {
    return MetricBatch.newBuilder()
        .setSeq(seq)
        .addNames("m")
        .addStep(seq)
        .addTimestampMs(seq)
        .addValue((double) seq);
  }

  private static long[] readBack(DatabaseConfig database, List<String> runs, long[] acknowledged)
      throws Exception {
    long[] committed = new long[STREAMS];
    KilledServer server = KilledServer.start(database);
    ManagedChannel channel = channel(server);
    try {
      TrackingServiceBlockingStub stub = TrackingServiceGrpc.newBlockingStub(channel);
      for (int i = 0; i < STREAMS; i++) {
        String run = runs.get(i);
        committed[i] = MetricWriter.open(channel, run, "w").opened().getCommittedSeq();
        assertThat(committed[i]).isPositive().isGreaterThanOrEqualTo(acknowledged[i]);
        assertThat(steps(stub, run))
            .isEqualTo(LongStream.rangeClosed(1, committed[i]).boxed().toList());
        assertThat(
                stub.getRun(GetRunRequest.newBuilder().setRunId(run).build())
                    .getData()
                    .getMetrics(0)
                    .getStep())
            .isEqualTo(committed[i]);
        assertThat(
                stub.searchRuns(
                        SearchRunsRequest.newBuilder()
                            .addExperimentIds("0")
                            .setFilter("run_id = '" + run + "' and metrics.m = " + committed[i])
                            .build())
                    .getRunsList())
            .hasSize(1);
      }
    } finally {
      server.kill();
      channel.shutdownNow();
    }
    return committed;
  }

  private static List<Long> steps(TrackingServiceBlockingStub stub, String run) {
    List<Long> steps = new ArrayList<>();
    String token = "";
    do {
      var page =
          stub.getMetricHistory(
              GetMetricHistoryRequest.newBuilder()
                  .setRunId(run)
                  .setMetricKey("m")
                  .setPageToken(token)
                  .build());
      steps.addAll(page.getPoints().getStepList());
      token = page.getNextPageToken();
    } while (!token.isEmpty());
    return steps;
  }

  /** Readers show equal points once, so that only the rows tell whether one was stored twice. */
  private static void countStoredPoints(DatabaseConfig config, List<String> runs, long[] committed)
      throws IOException {
    try (Database database =
        Database.open(config, "tracking", "db/migration/tracking", new MetricRegistry())) {
      for (int i = 0; i < STREAMS; i++) {
        UUID run =
            UUID.fromString(
                runs.get(i).replaceFirst("(.{8})(.{4})(.{4})(.{4})(.{12})", "$1-$2-$3-$4-$5"));
        long stored =
            database.read(
                handle ->
                    handle
                        .createQuery("SELECT SUM(point_count) FROM metric_segment WHERE run_id = ?")
                        .bind(0, run)
                        .mapTo(Long.class)
                        .one());
        assertThat(stored).isEqualTo(committed[i]);
      }
    }
  }
}
