package dev.slipway.tracking.rpc;

import static dev.slipway.tracking.rpc.Errors.assertIs;
import static dev.slipway.tracking.rpc.TrackingReplica.metric;
import static dev.slipway.tracking.rpc.TrackingReplica.param;
import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.TestDatabases;
import dev.slipway.tracking.v1.GetMetricHistoryRequest;
import dev.slipway.tracking.v1.MetricBatch;
import dev.slipway.tracking.v1.Run;
import dev.slipway.tracking.v1.SearchRunsRequest;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Holds what clients are promised that meet two servers over one PostgreSQL database. */
class TwoReplicasIT {
  private TrackingReplica first;
  private TrackingReplica second;

  @BeforeEach
  void start() {
    DatabaseConfig database = TestDatabases.postgres();
    first = new TrackingReplica(database);
    second = new TrackingReplica(database);
  }

  @AfterEach
  void stop() {
    first.close();
    second.close();
  }

  private static MetricBatch.Builder batch(long seq) {
    return MetricBatch.newBuilder()
        .setSeq(seq)
        .addNames("m")
        .addStep(seq)
        .addTimestampMs(1000 + seq)
        .addValue((double) seq);
  }

  private static List<Long> steps(TrackingReplica replica, String run) {
    return replica
        .stub()
        .getMetricHistory(
            GetMetricHistoryRequest.newBuilder()
                .setRunId(run)
                .setMetricKey("m")
                .setPageSize(100_000)
                .build())
        .getPoints()
        .getStepList();
  }

  private static List<Long> upTo(long last) {
    return LongStream.rangeClosed(1, last).boxed().toList();
  }

  private static List<String> search(TrackingReplica replica, String filter) {
    return replica
        .stub()
        .searchRuns(SearchRunsRequest.newBuilder().addExperimentIds("0").setFilter(filter).build())
        .getRunsList()
        .stream()
        .map(run -> run.getInfo().getRunId())
        .toList();
  }

  @Test
  void streamOpenedOnTheOtherReplica_fencesTheOlderOne() throws Exception {
    String run = first.newRun();
    MetricWriter older = MetricWriter.open(first.channel(), run, "w");
    assertThat(older.opened().getEpoch()).isEqualTo(1);
    older.send(batch(1));
    older.awaitCommitted(1);

    MetricWriter newer = MetricWriter.open(second.channel(), run, "w");
    assertThat(newer.opened().getEpoch()).isEqualTo(2);
    assertThat(newer.opened().getCommittedSeq()).isEqualTo(1);
    older.send(batch(2));
    assertIs(older.awaitError(), Status.Code.ABORTED, "WRITER_FENCED");
    newer.send(batch(2));
    newer.awaitCommitted(2);

    assertThat(steps(first, run)).isEqualTo(upTo(2));
    assertThat(second.getRun(run).getData().getMetrics(0).getStep()).isEqualTo(2);
    newer.halfClose();
    newer.awaitEnd();
  }

  @Test
  void writersThatTakeTheStreamFromEachOther_leaveEveryBatchOnce() throws Exception {
    String run = first.newRun();
    long committed = 0;
    for (int turn = 0; turn < 12; turn++) {
      TrackingReplica replica = turn % 2 == 0 ? first : second;
      MetricWriter writer = MetricWriter.open(replica.channel(), run, "w");
      long known = writer.opened().getCommittedSeq();
      assertThat(known).isGreaterThanOrEqualTo(committed);
      // The stream before may have batches under way, which either made it or never will.
      for (long seq = known + 1; seq <= known + 40; seq++) {
        writer.send(batch(seq));
      }
      writer.awaitCommitted(known + 10);
      committed = writer.committedSeq();
    }
    MetricWriter last = MetricWriter.open(first.channel(), run, "w");
    long through = last.opened().getCommittedSeq();
    assertThat(steps(second, run)).isEqualTo(upTo(through));
    assertThat(first.getRun(run)).isEqualTo(second.getRun(run));
  }

  @Test
  void replicaThatStops_isLeftForTheOtherOne_andNothingIsLostOrDoubled() throws Exception {
    String run = first.newRun();
    MetricWriter writer = MetricWriter.open(first.channel(), run, "w");
    assertThat(writer.opened().getCommittedSeq()).isZero();
    LongStream.rangeClosed(1, 100).forEach(seq -> writer.send(batch(seq)));
    writer.awaitCommitted(1);
    first.stop();
    assertIs(writer.awaitError(), Status.Code.UNAVAILABLE, "SERVER_STOPPING");

    MetricWriter again = MetricWriter.open(second.channel(), run, "w");
    long committed = again.opened().getCommittedSeq();
    assertThat(committed).isGreaterThanOrEqualTo(writer.committedSeq());
    LongStream.rangeClosed(committed + 1, 150).forEach(seq -> again.send(batch(seq)));
    again.halfClose();
    again.awaitEnd();
    assertThat(steps(second, run)).isEqualTo(upTo(150));
  }

  @Test
  void whatOneReplicaAcknowledged_isFoundAtOnceOnTheOther() throws Exception {
    String run = first.newRun();
    for (int i = 1; i <= 10; i++) {
      TrackingReplica writes = i % 2 == 0 ? first : second;
      TrackingReplica reads = i % 2 == 0 ? second : first;
      writes.log(run, metric("m", i, i), param("p" + i, "v"));
      assertThat(search(reads, "metrics.m = " + i)).containsExactly(run);
      assertThat(search(reads, "params.p" + i + " = 'v'")).containsExactly(run);
      Run read = reads.getRun(run);
      assertThat(read.getData().getMetrics(0).getStep()).isEqualTo(i);
      assertThat(steps(reads, run)).isEqualTo(upTo(i));
    }
  }

  @Test
  void paramSetOnBothAtOnce_hasOneValue() {
    String run = first.newRun();
    for (int i = 0; i < 10; i++) {
      String key = "p" + i;
      List<CompletableFuture<Boolean>> set = new ArrayList<>();
      for (TrackingReplica replica : List.of(first, second)) {
        String value = replica == first ? "first" : "second";
        set.add(
            CompletableFuture.supplyAsync(
                () -> {
                  try {
                    replica.log(run, param(key, value));
                    return true;
                  } catch (io.grpc.StatusRuntimeException e) {
                    assertIs(e, Status.Code.INVALID_ARGUMENT, "PARAM_CONFLICT");
                    return false;
                  }
                }));
      }
      assertThat(set.stream().filter(CompletableFuture::join)).hasSize(1);
    }
    assertThat(first.getRun(run)).isEqualTo(second.getRun(run));
    assertThat(IntStream.range(0, 10))
        .allMatch(
            i ->
                first.getRun(run).getData().getParamsList().stream()
                    .anyMatch(param -> param.getKey().equals("p" + i)));
  }
}
