package dev.slipway.tracking.rpc;

import static dev.slipway.tracking.metric.MetricBatch.POINT_BYTES;
import static dev.slipway.tracking.rpc.Errors.assertIs;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.codahale.metrics.MetricRegistry;
import com.google.rpc.ErrorInfo;
import dev.slipway.runtime.testing.GrpcServerExtension;
import dev.slipway.runtime.testing.TestDatabases;
import dev.slipway.tracking.TrackingConfig;
import dev.slipway.tracking.TrackingModule;
import dev.slipway.tracking.v1.CreateRunRequest;
import dev.slipway.tracking.v1.DeleteRunRequest;
import dev.slipway.tracking.v1.GetMetricHistoryRequest;
import dev.slipway.tracking.v1.GetRunRequest;
import dev.slipway.tracking.v1.LogBatchRequest;
import dev.slipway.tracking.v1.MetricBatch;
import dev.slipway.tracking.v1.MetricColumns;
import dev.slipway.tracking.v1.Param;
import dev.slipway.tracking.v1.Run;
import dev.slipway.tracking.v1.StreamMetricsRequest;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import dev.slipway.tracking.v1.TrackingServiceGrpc.TrackingServiceBlockingStub;
import io.grpc.Status;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class StreamMetricsTest {
  @TempDir private Path folder;
  private final MetricRegistry metrics = new MetricRegistry();

  @RegisterExtension
  private final GrpcServerExtension server =
      GrpcServerExtension.netty(
          16 * 1024 * 1024,
          () ->
              List.of(
                  TrackingModule.open(
                      new TrackingConfig(
                          TestDatabases.h2(folder), TrackingConfig.DEFAULT_ARTIFACT_ROOT),
                      metrics,
                      Clock.systemUTC())));

  private TrackingServiceBlockingStub stub() {
    return TrackingServiceGrpc.newBlockingStub(server.channel());
  }

  private String newRun() {
    return stub().createRun(CreateRunRequest.getDefaultInstance()).getInfo().getRunId();
  }

  private MetricWriter open(String run) throws Exception {
    MetricWriter writer = MetricWriter.open(server.channel(), run, "w");
    writer.opened();
    return writer;
  }

  private MetricColumns history(String run, String key) {
    return stub()
        .getMetricHistory(
            GetMetricHistoryRequest.newBuilder()
                .setRunId(run)
                .setMetricKey(key)
                .setPageSize(100_000)
                .build())
        .getPoints();
  }

  /** One point of metric {@code m}, whose step is the batch's number. */
  private static MetricBatch.Builder batch(long seq) {
    return MetricBatch.newBuilder()
        .setSeq(seq)
        .addNames("m")
        .addStep(seq)
        .addTimestampMs(1000 + seq)
        .addValue((double) seq);
  }

  private static List<Long> steps(long last) {
    return LongStream.rangeClosed(1, last).boxed().toList();
  }

  @Test
  void batches_areAcknowledgedOnceEveryReaderSeesThem() throws Exception {
    String run = newRun();
    MetricWriter writer = open(run);
    assertThat(writer.opened().getEpoch()).isEqualTo(1);
    assertThat(writer.opened().getCommittedSeq()).isZero();
    assertThat(writer.opened().getCredit()).isPositive();
    for (int seq = 1; seq <= 20; seq++) {
      writer.send(batch(seq));
      writer.awaitCommitted(seq);
      assertThat(history(run, "m").getStepList()).isEqualTo(steps(seq));
      Run read = stub().getRun(GetRunRequest.newBuilder().setRunId(run).build());
      assertThat(read.getData().getMetrics(0).getStep()).isEqualTo(seq);
    }
    writer.halfClose();
    writer.awaitEnd();
  }

  @Test
  void halfClose_commitsWhatWasSentAndAcknowledgesIt() throws Exception {
    String run = newRun();
    MetricWriter writer = open(run);
    LongStream.rangeClosed(1, 200).forEach(seq -> writer.send(batch(seq)));
    writer.halfClose();
    writer.awaitEnd();
    assertThat(writer.committedSeq()).isEqualTo(200);
    assertThat(history(run, "m").getStepList()).isEqualTo(steps(200));
  }

  @Test
  void columns_inShortForms_meanWhatTheContractSays() throws Exception {
    String run = newRun();
    MetricWriter writer = open(run);
    writer.send(
        MetricBatch.newBuilder()
            .setSeq(1)
            .addAllNames(List.of("a", "b"))
            .addStep(7)
            .addTimestampMs(1)
            .addAllValue(List.of(1.0, Double.NaN)));
    writer.send(
        MetricBatch.newBuilder()
            .setSeq(2)
            .addAllNameIndex(List.of(1, 1, 0))
            .addAllStep(List.of(-1L, 8L, 9L))
            .addAllTimestampMs(List.of(5L, 6L, 7L))
            .addAllValue(List.of(2.0, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY)));
    writer.send(
        MetricBatch.newBuilder().setSeq(3).addTimestampMs(0).addAllValue(List.of(5.0, 6.0)));
    writer.halfClose();
    writer.awaitEnd();

    MetricColumns a = history(run, "a");
    assertThat(a.getStepList()).containsExactly(0L, 7L, 9L);
    assertThat(a.getValueList()).containsExactly(5.0, 1.0, Double.NEGATIVE_INFINITY);
    MetricColumns b = history(run, "b");
    assertThat(b.getStepList()).containsExactly(-1L, 0L, 7L, 8L);
    assertThat(b.getTimestampMsList()).containsExactly(5L, 0L, 1L, 6L);
    assertThat(b.getValueList()).containsExactly(2.0, 6.0, Double.NaN, Double.POSITIVE_INFINITY);
  }

  @Test
  void halfCloseRightAfterTheOpeningMessage_opensAndEnds() throws Exception {
    String run = newRun();
    for (int i = 0; i < 20; i++) {
      MetricWriter writer = MetricWriter.open(server.channel(), run, "w");
      writer.halfClose();
      writer.awaitEnd();
      assertThat(writer.opened().getEpoch()).isEqualTo(i + 1);
    }
  }

  @Test
  void batchesSentWithoutWaitingForOpened_countAllTheSame() throws Exception {
    String run = newRun();
    MetricWriter writer = MetricWriter.open(server.channel(), run, "w");
    LongStream.rangeClosed(1, 5).forEach(seq -> writer.send(batch(seq)));
    writer.halfClose();
    writer.awaitEnd();
    assertThat(history(run, "m").getStepList()).isEqualTo(steps(5));
  }

  @Test
  void reconnect_resumesAfterTheLastCommitAndDuplicatesAreHarmless() throws Exception {
    String run = newRun();
    MetricWriter first = open(run);
    LongStream.rangeClosed(1, 5).forEach(seq -> first.send(batch(seq)));
    first.awaitCommitted(5);
    first.cancel();

    MetricWriter second = open(run);
    assertThat(second.opened().getEpoch()).isEqualTo(2);
    assertThat(second.opened().getCommittedSeq()).isEqualTo(5);
    LongStream.rangeClosed(3, 8).forEach(seq -> second.send(batch(seq)));
    second.send(batch(4));
    second.awaitCommitted(8);
    second.halfClose();
    second.awaitEnd();
    assertThat(history(run, "m").getStepList()).isEqualTo(steps(8));
  }

  @Test
  void gap_endsTheStreamAfterCommittingWhatCameBefore() throws Exception {
    String run = newRun();
    MetricWriter writer = open(run);
    writer.send(batch(1));
    writer.send(batch(2));
    writer.send(batch(4));
    ErrorInfo info = assertIs(writer.awaitError(), Status.Code.OUT_OF_RANGE, "SEQUENCE_GAP");
    assertThat(info.getMetadataMap())
        .containsEntry("expected_seq", "3")
        .containsEntry("received_seq", "4");
    assertThat(writer.committedSeq()).isEqualTo(2);
    assertThat(history(run, "m").getStepList()).isEqualTo(steps(2));
  }

  @Test
  void newerStream_fencesTheOlderOne() throws Exception {
    String run = newRun();
    MetricWriter older = open(run);
    older.send(batch(1));
    older.awaitCommitted(1);
    MetricWriter newer = open(run);
    ErrorInfo info = assertIs(older.awaitError(), Status.Code.ABORTED, "WRITER_FENCED");
    assertThat(info.getMetadataMap()).containsEntry("epoch", "1");
    newer.send(batch(2));
    newer.awaitCommitted(2);
    MetricWriter other = MetricWriter.open(server.channel(), run, "other");
    assertThat(other.opened().getEpoch()).isEqualTo(1);
    newer.send(batch(3));
    newer.awaitCommitted(3);
  }

  @Test
  void deletedRun_refusesTheStreamAndLaterBatches() throws Exception {
    String run = newRun();
    MetricWriter writer = open(run);
    writer.send(batch(1));
    writer.awaitCommitted(1);
    var unused = stub().deleteRun(DeleteRunRequest.newBuilder().setRunId(run).build());
    writer.send(batch(2));
    assertIs(writer.awaitError(), Status.Code.FAILED_PRECONDITION, "RUN_NOT_ACTIVE");
    assertIs(
        MetricWriter.open(server.channel(), run, "w").awaitError(),
        Status.Code.FAILED_PRECONDITION,
        "RUN_NOT_ACTIVE");
    assertIs(
        MetricWriter.open(server.channel(), "0".repeat(32), "w").awaitError(),
        Status.Code.NOT_FOUND,
        "RUN_NOT_FOUND");
    assertThat(history(run, "m").getStepList()).isEqualTo(steps(1));
  }

  @Test
  void badMessages_endTheStreamNamingEveryField() throws Exception {
    String run = newRun();
    assertRefused(
        MetricWriter.open(server.channel(), "xyz", "bad id"), "open.run_id", "open.writer_id");
    MetricWriter noOpen = new MetricWriter(server.channel());
    noOpen.send(batch(1));
    assertRefused(noOpen, "batch");
    MetricWriter nothing = new MetricWriter(server.channel());
    nothing.halfClose();
    assertRefused(nothing, "open");
    MetricWriter twice = open(run);
    twice.send(run, "w");
    assertRefused(twice, "open");
    MetricWriter empty = open(run);
    empty.send(StreamMetricsRequest.getDefaultInstance());
    assertRefused(empty, "message");
    assertBatchRefused(MetricBatch.newBuilder(), "batch.seq", "batch.value", "batch.names");
    assertBatchRefused(
        batch(1).clearNames().addAllNames(List.of("ok", "a//b", "", "x".repeat(251))),
        "batch.names[1]",
        "batch.names[2]",
        "batch.names[3]",
        "batch.name_index");
    assertBatchRefused(
        batch(1)
            .addValue(2)
            .addAllNameIndex(List.of(0, -1))
            .addAllStep(List.of(5L, 6L))
            .clearTimestampMs()
            .addTimestampMs(-1),
        "batch.name_index[1]",
        "batch.step",
        "batch.timestamp_ms[0]");
    assertBatchRefused(batch(1).addAllValue(Collections.nCopies(50_000, 1.0)), "batch.value");
    assertThat(history(run, "m").getStepCount()).isZero();
  }

  private void assertBatchRefused(MetricBatch.Builder batch, String... fields) throws Exception {
    MetricWriter writer = open(newRun());
    writer.send(batch);
    assertRefused(writer, fields);
  }

  private static void assertRefused(MetricWriter writer, String... fields) throws Exception {
    Throwable failure = writer.awaitError();
    assertIs(failure, Status.Code.INVALID_ARGUMENT, "INVALID_REQUEST");
    assertThat(Errors.fields(failure)).containsExactlyInAnyOrder(fields);
  }

  @Test
  void messageBeyondTheServersLimit_isRefusedAndNotCommitted() throws Exception {
    String run = newRun();
    MetricWriter writer = open(run);
    writer.send(batch(1));
    writer.awaitCommitted(1);
    writer.send(batch(2).addNames("x".repeat(17 * 1024 * 1024)));
    assertThat(Status.fromThrowable(writer.awaitError()).getCode())
        .isIn(Status.Code.RESOURCE_EXHAUSTED, Status.Code.CANCELLED);
    LogBatchRequest tooLarge =
        LogBatchRequest.newBuilder()
            .setRunId(run)
            .addParams(Param.newBuilder().setKey("p").setValue("x".repeat(17 * 1024 * 1024)))
            .build();
    assertThat(Status.fromThrowable(catchThrowable(() -> stub().logBatch(tooLarge))).getCode())
        .isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
    MetricWriter again = open(run);
    assertThat(again.opened().getCommittedSeq()).isEqualTo(1);
  }

  @Test
  void clientThatReadsNoAnswers_isCommittedAllTheSame() throws Exception {
    String run = newRun();
    MetricWriter writer = new MetricWriter(server.channel(), false);
    writer.send(run, "w");
    writer.opened();
    LongStream.rangeClosed(1, 3000).forEach(seq -> writer.send(batch(seq)));
    MetricWriter other = open(newRun());
    other.send(batch(1));
    other.awaitCommitted(1);
    awaitHistory(run, 3000);
    assertThat(writer.acks()).isZero();
  }

  private void awaitHistory(String run, int points) throws InterruptedException {
    for (int i = 0; i < 300 && history(run, "m").getStepCount() < points; i++) {
      Thread.sleep(100);
    }
    assertThat(history(run, "m").getStepList()).isEqualTo(steps(points));
  }

  @Test
  void clientThatSendsFasterThanItsCredit_isHeldBackAndLosesNothing() throws Exception {
    String run = newRun();
    MetricWriter writer = open(run);
    int points = 20_000;
    int batches = 40;
    for (int seq = 1; seq <= batches; seq++) {
      long first = (long) seq * points;
      writer.send(
          MetricBatch.newBuilder()
              .setSeq(seq)
              .addNames("m")
              .addAllNameIndex(Collections.nCopies(points, 0))
              .addAllStep(LongStream.range(first, first + points).boxed().toList())
              .addTimestampMs(1)
              .addAllValue(Collections.nCopies(points, 1.0)));
    }
    writer.halfClose();
    writer.awaitEnd();
    assertThat(writer.committedSeq()).isEqualTo(batches);
    Run read = stub().getRun(GetRunRequest.newBuilder().setRunId(run).build());
    assertThat(read.getData().getMetrics(0).getStep()).isEqualTo((batches + 1L) * points - 1);
  }

  @Test
  void cancelledStreams_costNobodyElseAnything() throws Exception {
    String run = newRun();
    for (int i = 0; i < 20; i++) {
      MetricWriter dying = MetricWriter.open(server.channel(), run, "w" + i);
      if (i % 2 == 0) {
        dying.opened();
        dying.send(batch(1));
      }
      dying.cancel();
    }
    MetricWriter writer = open(run);
    writer.send(batch(1));
    writer.awaitCommitted(1);
  }

  @Test
  void fiftyStreamsAtOnce_allPointsArriveOnce() throws Exception {
    int streams = 50;
    int batches = 40;
    List<String> runs = IntStream.range(0, streams).mapToObj(i -> newRun()).toList();
    List<MetricWriter> writers = new ArrayList<>();
    for (String run : runs) {
      writers.add(open(run));
    }
    for (int seq = 1; seq <= batches; seq++) {
      for (MetricWriter writer : writers) {
        writer.send(batch(seq));
      }
    }
    for (MetricWriter writer : writers) {
      writer.halfClose();
      writer.awaitEnd();
      assertThat(writer.committedSeq()).isEqualTo(batches);
    }
    for (String run : runs) {
      assertThat(history(run, "m").getStepList()).isEqualTo(steps(batches));
    }
  }

  @Test
  void limitsOfABatch_areExact() throws Exception {
    String run = newRun();
    List<String> names = IntStream.range(0, 10_000).mapToObj(i -> "m" + i).toList();
    MetricBatch.Builder largest =
        MetricBatch.newBuilder()
            .setSeq(1)
            .addAllNames(names)
            .addAllNameIndex(IntStream.range(0, 50_000).map(i -> i % 10_000).boxed().toList())
            .addAllStep(LongStream.range(0, 50_000).boxed().toList())
            .addTimestampMs(1)
            .addAllValue(Collections.nCopies(50_000, 1.0));
    MetricWriter writer = open(run);
    writer.send(largest);
    writer.awaitCommitted(1);
    assertThat(history(run, "m9999").getStepList())
        .containsExactly(9_999L, 19_999L, 29_999L, 39_999L, 49_999L);

    writer.send(largest.setSeq(2).addNames("one/more"));
    assertRefused(writer, "batch.names");
    assertThat(open(run).opened().getCommittedSeq()).isEqualTo(1);
  }

  @Test
  void hogAmongManySmallStreams_getsItsTurnsAndNoMore() throws Exception {
    int small = 199;
    int rounds = 4;
    int hogPoints = 50_000;
    List<MetricWriter> writers = new ArrayList<>();
    for (int i = 0; i < small; i++) {
      writers.add(open(newRun()));
    }
    MetricWriter hog = open(newRun());
    AtomicBoolean done = new AtomicBoolean();
    CompletableFuture<Long> hogSent =
        CompletableFuture.supplyAsync(() -> sendUntil(done, hog, hogPoints));
    try {
      hog.awaitCommitted(1);
      for (int round = 1; round <= rounds; round++) {
        for (MetricWriter writer : writers) {
          writer.send(batch(round));
        }
        for (MetricWriter writer : writers) {
          writer.awaitCommitted(round);
          // Its credit lets one of its batches at a time wait among theirs.
          assertThat(waitingBytes()).isLessThan(2L * hogPoints * POINT_BYTES);
        }
      }
    } finally {
      done.set(true);
    }
    hog.awaitCommitted(hogSent.get());
  }

  private long waitingBytes() {
    return (Long) metrics.getGauges().get("tracking.stream-bytes").getValue();
  }

  /** Sends large batches as fast as the connection takes them, and returns how many. */
  private static long sendUntil(AtomicBoolean done, MetricWriter writer, int points) {
    MetricBatch.Builder large =
        MetricBatch.newBuilder()
            .addNames("hog")
            .addAllNameIndex(Collections.nCopies(points, 0))
            .addStep(1)
            .addTimestampMs(1)
            .addAllValue(Collections.nCopies(points, 1.0));
    long seq = 0;
    while (!done.get()) {
      if (writer.isReady()) {
        seq++;
        writer.send(large.setSeq(seq));
      } else {
        LockSupport.parkNanos(100_000);
      }
    }
    return seq;
  }

  @Test
  void stop_commitsWhatWasSentAndTellsTheClientToComeBack() throws Exception {
    String run = newRun();
    MetricWriter writer = open(run);
    writer.send(batch(1));
    writer.awaitCommitted(1);
    server.server().close();
    assertThat(Status.fromThrowable(writer.awaitError()).getCode())
        .isEqualTo(Status.Code.UNAVAILABLE);
  }
}
