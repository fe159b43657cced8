package dev.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.client.SlipwayClient;
import dev.slipway.tracking.v1.CreateExperimentRequest;
import dev.slipway.tracking.v1.CreateRunRequest;
import dev.slipway.tracking.v1.GetExperimentByNameRequest;
import dev.slipway.tracking.v1.GetMetricHistoryRequest;
import dev.slipway.tracking.v1.GetMetricHistoryResponse;
import dev.slipway.tracking.v1.MetricBatch;
import dev.slipway.tracking.v1.OpenMetricStream;
import dev.slipway.tracking.v1.StreamMetricsRequest;
import dev.slipway.tracking.v1.StreamMetricsResponse;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(180)
class EmbeddedServerIT {
  private static final int POINTS_PER_BATCH = 100;
  private static final int UNACKNOWLEDGED_BATCHES = 100;
  private static final int EXIT_BY_SIGTERM = 143;

  @TempDir private Path folder;

  @Test
  void kill_inTheMiddleOfAStream_losesNoAcknowledgedPointAndDoublesNone() throws Exception {
    String runId;
    AtomicLong acknowledged = new AtomicLong();
    long sent = 0;
    try (SlipwayProcess server = start();
        SlipwayClient client = SlipwayClient.connect(server.address())) {
      runId = createRun(client);
      Writer writer = new Writer(client, runId, acknowledged);
      while (acknowledged.get() < 50) {
        if (sent - acknowledged.get() < UNACKNOWLEDGED_BATCHES) {
          writer.send(++sent);
        } else {
          Thread.onSpinWait();
        }
      }
      server.kill();
      writer.awaitEnd();
    }

    try (SlipwayProcess server = start();
        SlipwayClient client = SlipwayClient.connect(server.address())) {
      long committed = history(client, runId).size() / POINTS_PER_BATCH;
      assertThat(committed).isBetween(acknowledged.get(), sent);
      assertThat(history(client, runId)).containsExactlyElementsOf(steps(committed));

      // The writer comes back, is told what is durable, and sends all again from the start: nothing
      // is doubled.
      Writer writer = new Writer(client, runId, acknowledged);
      for (long seq = 1; seq <= sent + 1; seq++) {
        writer.send(seq);
      }
      writer.complete();
      assertThat(writer.committedAtOpen()).isEqualTo(committed);
      assertThat(history(client, runId)).containsExactlyElementsOf(steps(sent + 1));
      assertThat(server.stop()).isEqualTo(EXIT_BY_SIGTERM);
    }
  }

  private static List<Long> steps(long batches) {
    return LongStream.range(0, batches * POINTS_PER_BATCH).boxed().toList();
  }

  @Test
  void stop_thenStartOnTheSameFolder_findsEverything() throws Exception {
    String id;
    try (SlipwayProcess server = start();
        SlipwayClient client = SlipwayClient.connect(server.address())) {
      id =
          client
              .tracking()
              .createExperiment(CreateExperimentRequest.newBuilder().setName("kept").build())
              .getExperimentId();
      assertThat(server.stop()).isEqualTo(EXIT_BY_SIGTERM);
      assertThat(server.errors()).contains("stopped").doesNotContain("ERROR");
    }

    try (SlipwayProcess server = start();
        SlipwayClient client = SlipwayClient.connect(server.address())) {
      assertThat(
              client
                  .tracking()
                  .getExperimentByName(
                      GetExperimentByNameRequest.newBuilder().setName("kept").build())
                  .getExperimentId())
          .isEqualTo(id);
    }
  }

  @Test
  void health_ofEveryService_isServing() throws Exception {
    try (SlipwayProcess server = start();
        SlipwayClient client = SlipwayClient.connect(server.address())) {
      for (String service :
          List.of(
              "",
              "slipway.tracking.v1.TrackingService",
              "slipway.registry.v1.RegistryService",
              "slipway.artifact.v1.ArtifactService",
              "slipway.serving.v1.ServingService",
              "inference.GRPCInferenceService")) {
        assertThat(
                HealthGrpc.newBlockingStub(client.trackingChannel())
                    .check(HealthCheckRequest.newBuilder().setService(service).build())
                    .getStatus())
            .as(service)
            .isEqualTo(ServingStatus.SERVING);
      }
    }
  }

  @Test
  void start_onAFolderInUse_isOneClearLine() throws Exception {
    try (SlipwayProcess first = start()) {
      assertThat(first.port()).isPositive();
      try (SlipwayProcess second =
          SlipwayProcess.start(
              "server", "--port=0", "--admin-port=0", "--http-port=0", "--data-dir=" + folder)) {
        assertThat(second.waitFor()).isEqualTo(1);
        assertThat(second.errors().lines())
            .containsExactly(
                "slipway: data folder %s is in use by another slipway: stop it or choose another with --data-dir"
                    .formatted(folder.resolve("tracking")));
      }
    }
  }

  @Test
  void start_onAPortInUse_isOneClearLine() throws Exception {
    try (ServerSocket taken = new ServerSocket(0)) {
      try (SlipwayProcess server =
          SlipwayProcess.start(
              "server",
              "--host=0.0.0.0",
              "--port=" + taken.getLocalPort(),
              "--http-port=0",
              "--data-dir=" + folder)) {
        assertThat(server.waitFor()).isEqualTo(1);
        assertThat(server.errors().lines())
            .filteredOn(line -> line.startsWith("slipway: "))
            .containsExactly(
                "slipway: gRPC port %d on 0.0.0.0 is in use: stop the process that holds it or choose another with --port"
                    .formatted(taken.getLocalPort()));
        assertThat(server.errors()).doesNotContain("Exception").doesNotContain("\tat ");
      }
    }
  }

  @Test
  void start_onAnHttpPortInUse_isOneClearLine() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      try (SlipwayProcess server =
          SlipwayProcess.start(
              "server",
              "--port=0",
              "--admin-port=0",
              "--http-port=" + taken.getLocalPort(),
              "--data-dir=" + folder)) {
        assertThat(server.waitFor()).isEqualTo(1);
        assertThat(server.errors().lines())
            .filteredOn(line -> line.startsWith("slipway: "))
            .singleElement()
            .asString()
            .contains("port " + taken.getLocalPort() + " on 127.0.0.1 is in use")
            .contains("--http-port");
        assertThat(server.errors()).doesNotContain("\tat ");
      }
    }
  }

  @Test
  void http_answersOnTheSameRows() throws Exception {
    try (SlipwayProcess server = start();
        SlipwayClient client = SlipwayClient.connect(server.address())) {
      String runId = createRun(client);

      HttpResponse<String> answer =
          HttpClient.newHttpClient()
              .send(
                  HttpRequest.newBuilder(
                          URI.create(server.http() + "/api/2.0/mlflow/runs/get?run_id=" + runId))
                      .build(),
                  HttpResponse.BodyHandlers.ofString());

      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
      assertThat(answer.body()).contains("\"run_id\":\"" + runId + "\"");
    }
  }

  @Test
  void start_withBadSettings_isALineForEach() throws Exception {
    try (SlipwayProcess server =
        SlipwayProcess.start(
            "server", "--port=99999", "--database-url=mysql://x", "--minio-secret-key=hush")) {
      assertThat(server.waitFor()).isEqualTo(2);
      assertThat(server.errors().lines()).allMatch(line -> line.startsWith("slipway: --"));
      assertThat(server.errors())
          .contains("--port (SLIPWAY_PORT)")
          .contains("--database-url (SLIPWAY_DATABASE_URL)")
          .contains("--minio-endpoint (SLIPWAY_MINIO_ENDPOINT)")
          .doesNotContain("hush");
      assertThat(server.errors().lines()).doesNotHaveDuplicates();
    }
  }

  private SlipwayProcess start() throws Exception {
    return SlipwayProcess.startServer("server", "--data-dir=" + folder);
  }

  private static String createRun(SlipwayClient client) {
    return client
        .tracking()
        .createRun(CreateRunRequest.newBuilder().setExperimentId("0").build())
        .getInfo()
        .getRunId();
  }

  private static List<Long> history(SlipwayClient client, String runId) {
    List<Long> steps = new ArrayList<>();
    String token = "";
    do {
      GetMetricHistoryResponse page =
          client
              .tracking()
              .getMetricHistory(
                  GetMetricHistoryRequest.newBuilder()
                      .setRunId(runId)
                      .setMetricKey("loss")
                      .setPageToken(token)
                      .build());
      steps.addAll(page.getPoints().getStepList());
      token = page.getNextPageToken();
    } while (!token.isEmpty());
    return steps;
  }

  /** Writes batches of consecutive steps; batch n holds the steps from (n - 1) · 100. */
  private static final class Writer implements StreamObserver<StreamMetricsResponse> {
    private final AtomicLong acknowledged;
    private final AtomicLong committedAtOpen = new AtomicLong(-1);
    private final CountDownLatch ended = new CountDownLatch(1);
    private final StreamObserver<StreamMetricsRequest> requests;

    Writer(SlipwayClient client, String runId, AtomicLong acknowledged) {
      this.acknowledged = acknowledged;
      this.requests = TrackingServiceGrpc.newStub(client.trackingChannel()).streamMetrics(this);
      requests.onNext(
          StreamMetricsRequest.newBuilder()
              .setOpen(OpenMetricStream.newBuilder().setRunId(runId).setWriterId("trainer"))
              .build());
    }

    void send(long seq) {
      MetricBatch.Builder batch = MetricBatch.newBuilder().setSeq(seq).addNames("loss");
      for (int i = 0; i < POINTS_PER_BATCH; i++) {
        long step = (seq - 1) * POINTS_PER_BATCH + i;
        batch
            .addNameIndex(0)
            .addStep(step)
            .addTimestampMs(1_700_000_000_000L + step)
            .addValue(1.0 / (step + 1));
      }
      requests.onNext(StreamMetricsRequest.newBuilder().setBatch(batch).build());
    }

    void complete() throws InterruptedException {
      requests.onCompleted();
      awaitEnd();
    }

    void awaitEnd() throws InterruptedException {
      assertThat(ended.await(30, TimeUnit.SECONDS)).isTrue();
    }

    long committedAtOpen() {
      return committedAtOpen.get();
    }

    @Override
    public void onNext(StreamMetricsResponse response) {
      if (response.hasOpened()) {
        committedAtOpen.set(response.getOpened().getCommittedSeq());
      } else {
        acknowledged.set(response.getAck().getCommittedSeq());
      }
    }

    @Override
    public void onError(Throwable t) {
      ended.countDown();
    }

    @Override
    public void onCompleted() {
      ended.countDown();
    }
  }
}
