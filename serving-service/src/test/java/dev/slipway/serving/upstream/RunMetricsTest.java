package dev.slipway.serving.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.runtime.server.Channels;
import dev.slipway.serving.testing.ServingHarness;
import dev.slipway.serving.upstream.RunMetrics.End;
import dev.slipway.serving.upstream.RunMetrics.Point;
import dev.slipway.tracking.v1.LogBatchRequest;
import dev.slipway.tracking.v1.LogBatchResponse;
import dev.slipway.tracking.v1.RunInfo;
import dev.slipway.tracking.v1.TrackingServiceGrpc.TrackingServiceImplBase;
import dev.slipway.tracking.v1.UpdateRunRequest;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which calls are made again and again, and which are given up. */
class RunMetricsTest {
  private static final int MOST_WAITING = 1_000;

  /** Runs whose points came, and those that were ended, with a mark. */
  private final Queue<String> received = new ConcurrentLinkedQueue<>();

  /** How the next calls fail; what comes after them is taken. */
  private final Queue<Status> failures = new ConcurrentLinkedQueue<>();

  private Server server;
  private ManagedChannel channel;
  private RunMetrics metrics;

  @BeforeEach
  void start() throws IOException {
    String name = UUID.randomUUID().toString();
    server = InProcessServerBuilder.forName(name).addService(new Tracking()).build().start();
    channel = Channels.inProcess(name);
    metrics = new RunMetrics(channel);
  }

  @AfterEach
  void stop() {
    channel.shutdownNow();
    server.shutdownNow();
  }

  private final class Tracking extends TrackingServiceImplBase {
    @Override
    public void logBatch(LogBatchRequest request, StreamObserver<LogBatchResponse> out) {
      answer(request.getRunId(), LogBatchResponse.getDefaultInstance(), out);
    }

    @Override
    public void updateRun(UpdateRunRequest request, StreamObserver<RunInfo> out) {
      answer("end " + request.getRun().getRunId(), RunInfo.getDefaultInstance(), out);
    }

    private <T> void answer(String what, T answer, StreamObserver<T> out) {
      received.add(what);
      Status failure = failures.poll();
      if (failure != null) {
        out.onError(failure.asRuntimeException());
        return;
      }
      out.onNext(answer);
      out.onCompleted();
    }
  }

  private void log(String run) {
    metrics.log(run, List.of(new Point("champion.requests", 1)), 0, Instant.EPOCH);
  }

  /** Sends, as often as it takes, until this has come. */
  private void sendUntil(String what) {
    ServingHarness.await(
        () -> {
          metrics.send();
          return received.contains(what);
        });
  }

  @Test
  void callThatTheServiceFailsOn_isGivenUpAfterSomeTries() {
    failures.addAll(Collections.nCopies(RunMetrics.MOST_FAULTS, Status.INTERNAL));
    log("poison");
    log("good");

    sendUntil("good");

    assertThat(Collections.frequency(received, "poison")).isEqualTo(RunMetrics.MOST_FAULTS);
  }

  @Test
  void serviceThatIsAway_getsTheCallWhenItIsBack() {
    int away = 3 * RunMetrics.MOST_FAULTS;
    failures.addAll(Collections.nCopies(away, Status.UNAVAILABLE));
    log("first");
    log("second");

    sendUntil("second");

    assertThat(Collections.frequency(received, "first")).isEqualTo(away + 1);
  }

  @Test
  void ofTooMany_pointsAreDroppedBeforeEnds() {
    log("first");
    metrics.end("ended", new End(""));
    log("second");
    for (int i = 0; i < MOST_WAITING; i++) {
      log("later");
    }
    log("last");

    sendUntil("last");

    assertThat(received).contains("first", "end ended").doesNotContain("second");
    assertThat(received).hasSize(MOST_WAITING);
  }
}
