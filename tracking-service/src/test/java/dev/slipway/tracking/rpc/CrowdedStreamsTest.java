package dev.slipway.tracking.rpc;

import static dev.slipway.tracking.rpc.Errors.assertIs;
import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.testing.GrpcServerExtension;
import dev.slipway.runtime.testing.TestDatabases;
import dev.slipway.tracking.TrackingConfig;
import dev.slipway.tracking.TrackingModule;
import dev.slipway.tracking.service.CompactionConfig;
import dev.slipway.tracking.v1.CreateRunRequest;
import dev.slipway.tracking.v1.LogBatchRequest;
import dev.slipway.tracking.v1.Metric;
import dev.slipway.tracking.v1.MetricBatch;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import dev.slipway.tracking.v1.TrackingServiceGrpc.TrackingServiceBlockingStub;
import io.grpc.Status;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Streams that together bring far more than the memory that they may take. */
class CrowdedStreamsTest {
  private static final int LARGEST = 50_000;
  private static final int BATCHES = 2;
  private static final long ROOM_FOR_TWO = 3_000_000;

  @TempDir private Path folder;

  @RegisterExtension
  private final GrpcServerExtension server =
      GrpcServerExtension.netty(
          16 * 1024 * 1024,
          () ->
              List.of(
                  TrackingModule.open(
                      new TrackingConfig(
                          TestDatabases.h2(folder),
                          TrackingConfig.DEFAULT_ARTIFACT_ROOT,
                          CompactionConfig.DEFAULT,
                          ROOM_FOR_TWO),
                      new MetricRegistry(),
                      Clock.systemUTC())));

  private TrackingServiceBlockingStub stub() {
    return TrackingServiceGrpc.newBlockingStub(server.channel());
  }

  private String newRun() {
    return stub().createRun(CreateRunRequest.getDefaultInstance()).getInfo().getRunId();
  }

  private static MetricBatch.Builder largest(long seq) {
    return MetricBatch.newBuilder()
        .setSeq(seq)
        .addNames("m")
        .addAllNameIndex(Collections.nCopies(LARGEST, 0))
        .addStep(seq)
        .addTimestampMs(1)
        .addAllValue(Collections.nCopies(LARGEST, 1.0));
  }

  /** So few streams cannot bring more than is taken, in whatever order they are let in. */
  @Test
  void streamsThatTogetherBringTooMuch_areHeldBackAndNotRefused() throws Exception {
    int streams = 3;
    int batches = 10;
    List<MetricWriter> writers = new ArrayList<>();
    for (int i = 0; i < streams; i++) {
      writers.add(MetricWriter.open(server.channel(), newRun(), "w"));
    }
    for (int seq = 1; seq <= batches; seq++) {
      for (MetricWriter writer : writers) {
        writer.send(largest(seq));
      }
    }
    for (MetricWriter writer : writers) {
      writer.halfClose();
      writer.awaitEnd();
      assertThat(writer.committedSeq()).isEqualTo(batches);
    }
  }

  @Test
  void largestBatchesOfManyStreams_areAllCommitted() throws Exception {
    int streams = 40;
    List<String> runs = new ArrayList<>();
    List<MetricWriter> writers = new ArrayList<>();
    for (int i = 0; i < streams; i++) {
      runs.add(newRun());
      writers.add(MetricWriter.open(server.channel(), runs.get(i), "w"));
    }
    for (int seq = 1; seq <= BATCHES; seq++) {
      for (MetricWriter writer : writers) {
        writer.send(largest(seq));
      }
    }
    stub()
        .logBatch(
            LogBatchRequest.newBuilder()
                .setRunId(newRun())
                .addMetrics(Metric.newBuilder().setKey("m").setValue(1))
                .build());
    writers.forEach(MetricWriter::halfClose);
    for (int i = 0; i < streams; i++) {
      MetricWriter writer = writers.get(i);
      // One that was let in and is slow to bring its batch may find its room taken by others.
      while (isRefused(writer)) {
        writer = resume(runs.get(i));
      }
      assertThat(writer.committedSeq()).isEqualTo(BATCHES);
    }
  }

  private static boolean isRefused(MetricWriter writer) throws Exception {
    try {
      writer.awaitEnd();
      return false;
    } catch (ExecutionException e) {
      assertIs(e.getCause(), Status.Code.RESOURCE_EXHAUSTED, "TOO_MANY_WRITES");
      return true;
    }
  }

  private MetricWriter resume(String run) throws Exception {
    MetricWriter writer = MetricWriter.open(server.channel(), run, "w");
    long committed = writer.opened().getCommittedSeq();
    for (long seq = committed + 1; seq <= BATCHES; seq++) {
      writer.send(largest(seq));
    }
    writer.halfClose();
    return writer;
  }
}
