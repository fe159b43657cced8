package dev.slipway.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.server.Channels;
import dev.slipway.runtime.server.StartupException;
import dev.slipway.runtime.testing.GrpcServerExtension;
import dev.slipway.tracking.v1.Experiment;
import dev.slipway.tracking.v1.GetExperimentRequest;
import dev.slipway.tracking.v1.SearchExperimentsRequest;
import dev.slipway.tracking.v1.SearchExperimentsResponse;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class GatewayModuleTest {
  private static final String EXPERIMENT = "/api/2.0/mlflow/experiments/get?experiment_id=1";

  private static final Duration PATIENCE = Duration.ofMinutes(5);

  private final CountDownLatch arrived = new CountDownLatch(1);
  private final CountDownLatch mayAnswer = new CountDownLatch(1);

  @RegisterExtension
  final GrpcServerExtension tracking = GrpcServerExtension.inProcess(new SlowTracking());

  private final HttpClient http = HttpClient.newHttpClient();
  private volatile String experimentName = "";
  private GatewayModule gateway;

  /** Answers when the test says so; its lists have a second page that nobody gets. */
  private final class SlowTracking extends TrackingServiceGrpc.TrackingServiceImplBase {
    @Override
    public void searchExperiments(
        SearchExperimentsRequest request, StreamObserver<SearchExperimentsResponse> observer) {
      if (!request.getPageToken().isEmpty()) {
        observer.onError(Status.UNAVAILABLE.asRuntimeException());
        return;
      }
      observer.onNext(
          SearchExperimentsResponse.newBuilder()
              .addExperiments(Experiment.newBuilder().setExperimentId("1").setName(experimentName))
              .setNextPageToken("2")
              .build());
      observer.onCompleted();
    }

    @Override
    public void getExperiment(GetExperimentRequest request, StreamObserver<Experiment> observer) {
      arrived.countDown();
      try {
        mayAnswer.await(10, TimeUnit.MINUTES);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      observer.onNext(Experiment.newBuilder().setExperimentId("1").build());
      observer.onCompleted();
    }
  }

  private static GatewayConfig config(int port, Duration callTimeout, List<String> allowedHosts) {
    return new GatewayConfig(
        "127.0.0.1", port, 4096, 4096, callTimeout, Duration.ofSeconds(30), allowedHosts);
  }

  private void start(ManagedChannel channel, List<String> allowedHosts) {
    start(channel, PATIENCE, allowedHosts);
  }

  private void start(ManagedChannel channel, Duration callTimeout, List<String> allowedHosts) {
    gateway =
        GatewayModule.open(
            config(0, callTimeout, allowedHosts), GatewayPeers.all(channel), new MetricRegistry());
    gateway.start();
  }

  @AfterEach
  void stop() {
    mayAnswer.countDown();
    if (gateway != null) {
      gateway.close();
    }
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + gateway.httpPort() + path));
  }

  private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return http.send(request.build(), BodyHandlers.ofString());
  }

  @Test
  void start_portInUse_saysWhichFlagToChange() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      gateway =
          GatewayModule.open(
              config(taken.getLocalPort(), PATIENCE, List.of()),
              GatewayPeers.all(tracking.channel()),
              new MetricRegistry());

      assertThatThrownBy(gateway::start)
          .isInstanceOf(StartupException.class)
          .hasMessageContaining("HTTP port " + taken.getLocalPort())
          .hasMessageContaining("in use")
          .hasMessageContaining("--http-port");
    }
  }

  @Test
  void drain_aRunningRequestIsAnswered_andThePortIsFreeThen() throws Exception {
    start(tracking.channel(), List.of());
    CompletableFuture<HttpResponse<String>> running =
        http.sendAsync(request(EXPERIMENT).build(), BodyHandlers.ofString());
    assertThat(arrived.await(10, TimeUnit.MINUTES)).isTrue();
    int port = gateway.httpPort();

    CompletableFuture<Void> drained = CompletableFuture.runAsync(gateway::drain);
    mayAnswer.countDown();

    assertThat(running.get(10, TimeUnit.MINUTES).statusCode()).isEqualTo(200);
    drained.get(10, TimeUnit.MINUTES);
    new ServerSocket(port, 1, InetAddress.getLoopbackAddress()).close();
    gateway.close();
  }

  @Test
  void serviceThatDoesNotAnswerInTime_is504() throws Exception {
    start(tracking.channel(), Duration.ofMillis(500), List.of());

    HttpResponse<String> response = send(request(EXPERIMENT));

    assertThat(response.statusCode()).isEqualTo(504);
    assertThat(response.body()).contains("DEADLINE_EXCEEDED");
  }

  @Test
  void serviceThatIsAway_is503AndWorthARetry_andTheGatewayIsNotReady() throws Exception {
    ManagedChannel nobody = Channels.to("127.0.0.1:1", 4096);
    try {
      start(nobody, List.of());

      HttpResponse<String> response = send(request(EXPERIMENT));

      assertThat(response.statusCode()).isEqualTo(503);
      assertThat(response.body()).contains("TEMPORARILY_UNAVAILABLE").doesNotContain("127.0.0.1");
      assertThat(response.headers().firstValue("Retry-After")).isPresent();
      assertThat(gateway.ready()).isFalse();
    } finally {
      nobody.shutdownNow();
    }
  }

  @Test
  void methodThatTheServiceLacks_is501() throws Exception {
    start(tracking.channel(), List.of());

    assertThat(send(request("/api/2.0/mlflow/runs/get?run_id=1")).statusCode()).isEqualTo(501);
  }

  @Test
  void listWhoseNextPageCannotBeHad_isAnErrorBeforeAnythingHasLeft() throws Exception {
    start(tracking.channel(), List.of());

    HttpResponse<String> answer =
        send(request("/api/2.0/mlflow/experiments/search?max_results=10"));

    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(answer.body()).startsWith("{\"error_code\":\"TEMPORARILY_UNAVAILABLE\"");
  }

  @Test
  void listWhoseNextPageCannotBeHad_isBrokenOff_andNeverLooksWhole() throws Exception {
    experimentName = "x".repeat(1_000_000);
    start(tracking.channel(), List.of());

    CompletableFuture<HttpResponse<String>> answer =
        http.sendAsync(
            request("/api/2.0/mlflow/experiments/search?max_results=10").build(),
            BodyHandlers.ofString());

    assertThat(answer)
        .failsWithin(Duration.ofMinutes(2))
        .withThrowableThat()
        .withCauseInstanceOf(IOException.class);
  }

  @Test
  void ready_whenTrackingAnswersInProcess() {
    start(tracking.channel(), List.of());

    // One question is given half a second, and the first needs a channel.
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!gateway.ready()) {
      assertThat(System.nanoTime()).as("waited in vain").isLessThan(end);
    }
    assertThat(gateway.services()).isEmpty();
  }

  @Test
  void foreignWebPage_mayNotWrite() throws Exception {
    start(tracking.channel(), List.of("slipway.example.org"));
    mayAnswer.countDown();
    HttpRequest.Builder write =
        request("/api/2.0/mlflow/runs/create")
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString("{}"));

    HttpResponse<String> foreign = send(write.copy().header("Origin", "https://evil.example.org"));
    HttpResponse<String> own = send(write.copy().header("Origin", "https://slipway.example.org"));

    assertThat(foreign.statusCode()).isEqualTo(403);
    assertThat(own.statusCode()).isEqualTo(501);
  }
}
