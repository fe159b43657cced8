package dev.slipway.tracking.rpc;

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
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Streams that together bring far more than the memory that they may take. */
class CrowdedStreamsTest {
  private static final int LARGEST = 50_000;
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

  @Test
  void largestBatchesOfManyStreams_areAllAcknowledged() throws Exception {
    int streams = 40;
    int batches = 2;
    List<MetricWriter> writers = new ArrayList<>();
    for (int i = 0; i < streams; i++) {
      writers.add(MetricWriter.open(server.channel(), newRun(), "w"));
    }
    for (int seq = 1; seq <= batches; seq++) {
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
    for (MetricWriter writer : writers) {
      writer.halfClose();
      writer.awaitEnd();
      assertThat(writer.committedSeq()).isEqualTo(batches);
    }
  }
}
