package dev.slipway.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.testing.GrpcServerExtension;
import dev.slipway.tracking.TrackingConfig;
import dev.slipway.tracking.TrackingModule;
import dev.slipway.tracking.v1.CreateRunRequest;
import dev.slipway.tracking.v1.GetMetricHistoryRequest;
import dev.slipway.tracking.v1.GetMetricHistoryResponse;
import io.grpc.Status.Code;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class MetricStreamTest {
  @TempDir Path folder;

  @RegisterExtension
  private final GrpcServerExtension server =
      GrpcServerExtension.netty(
          64 << 20,
          () ->
              List.of(
                  TrackingModule.open(
                      TrackingConfig.below(folder), new MetricRegistry(), Clock.systemUTC())));

  private CuttingProxy proxy;
  private SlipwayClient client;
  private String runId;

  @BeforeEach
  void connect() throws IOException {
    proxy = new CuttingProxy(server.server().port());
    client = SlipwayClient.connect(proxy.address());
    runId =
        client
            .tracking()
            .createRun(CreateRunRequest.newBuilder().setExperimentId("0").build())
            .getInfo()
            .getRunId();
  }

  @AfterEach
  void disconnect() throws IOException {
    client.close();
    proxy.close();
  }

  private static MetricStreamOptions options() {
    MetricStreamOptions defaults = MetricStreamOptions.defaults();
    return new MetricStreamOptions(
        defaults.writerId(),
        100,
        Duration.ofMillis(5),
        5_000 * 40,
        Duration.ofMillis(5),
        Duration.ofMillis(50),
        Duration.ofSeconds(20),
        Duration.ofSeconds(60));
  }

  private List<Double> history(String key) {
    List<Double> values = new ArrayList<>();
    GetMetricHistoryRequest.Builder request =
        GetMetricHistoryRequest.newBuilder().setRunId(runId).setMetricKey(key);
    GetMetricHistoryResponse page;
    do {
      page = client.tracking().getMetricHistory(request.build());
      values.addAll(page.getPoints().getValueList());
      request.setPageToken(page.getNextPageToken());
    } while (!page.getNextPageToken().isEmpty());
    return values;
  }

  private static List<Double> numbers(int count) {
    return IntStream.range(0, count).asDoubleStream().boxed().toList();
  }

  @Test
  void log_thenFlush_isThere() throws Exception {
    try (MetricStream stream = client.metricStream(runId)) {
      stream.log("loss", 0.5, 1);
      stream.log("loss", Double.NaN, 2);
      stream.log("val/accuracy (%)".replace("(%)", "pct"), 0.9, -1, 1_000);
      stream.flush();

      assertThat(stream.acknowledgedPoints()).isEqualTo(3);
      assertThat(history("loss")).containsExactly(0.5, Double.NaN);
    }
    assertThat(history("val/accuracy pct")).containsExactly(0.9);
  }

  @Test
  void log_withoutFlush_arrivesByItselfSoon() throws Exception {
    try (MetricStream stream = client.metricStream(runId)) {
      stream.log("loss", 0.5, 1);
      for (int i = 0; i < 2000 && stream.acknowledgedPoints() == 0; i++) {
        Thread.sleep(5);
      }
      assertThat(history("loss")).containsExactly(0.5);
    }
  }

  @Test
  void log_connectionCutAgainAndAgain_storesEachPointOnce() throws Exception {
    int points = 60_000;
    try (MetricStream stream = client.metricStream(runId, options())) {
      for (int i = 0; i < points; i++) {
        stream.log("loss", i, i);
        if (i % 10_000 == 5_000) {
          proxy.cut();
        }
      }
      assertThat(stream.flush(Duration.ofSeconds(30))).isTrue();
      assertThat(stream.acknowledgedPoints()).isEqualTo(points);
      assertThat(stream.droppedPoints()).isZero();
    }
    assertThat(proxy.cuts()).isEqualTo(6);
    assertThat(history("loss")).isEqualTo(numbers(points));
  }

  @Test
  void close_sendsWhatRemainsAndContinuesUnderTheSameWriter() {
    MetricStreamOptions options = options();
    for (int part = 0; part < 3; part++) {
      try (MetricStream stream = client.metricStream(runId, options)) {
        for (int i = 0; i < 10; i++) {
          stream.log("loss", part * 10 + i, part * 10 + i);
        }
      }
    }
    assertThat(history("loss")).isEqualTo(numbers(30));
  }

  @Test
  void log_fromManyThreads_losesNothing() throws Exception {
    try (MetricStream stream = client.metricStream(runId, options())) {
      List<Thread> threads = new ArrayList<>();
      for (int t = 0; t < 4; t++) {
        String key = "m" + t;
        Thread thread =
            new Thread(
                () -> {
                  for (int i = 0; i < 5_000; i++) {
                    stream.log(key, i, i);
                  }
                });
        thread.start();
        threads.add(thread);
      }
      for (Thread thread : threads) {
        thread.join();
      }
      stream.flush();
    }
    for (int t = 0; t < 4; t++) {
      assertThat(history("m" + t)).isEqualTo(numbers(5_000));
    }
  }

  @Test
  void log_badKey_isDroppedAndTheStreamGoesOn() throws Exception {
    try (MetricStream stream = client.metricStream(runId)) {
      for (String key : Arrays.asList("", "a//b", "../x", "a#b", "x".repeat(251), null)) {
        stream.log(key, 1, 1);
      }
      stream.log("loss", 1, 1);
      stream.flush();

      assertThat(stream.droppedPoints()).isEqualTo(6);
      assertThat(stream.failure()).isEmpty();
    }
  }

  @Test
  void unknownRun_logNeverThrowsAndFlushAndCloseTellWhy() {
    MetricStream stream = client.metricStream("0".repeat(32), options());
    DoubleStream.of(1, 2, 3).forEach(value -> stream.log("loss", value, 1));

    assertThatThrownBy(stream::flush)
        .isInstanceOfSatisfying(
            TrackingException.class, e -> assertThat(e.code()).isEqualTo(Code.NOT_FOUND));
    stream.log("loss", 4, 1);

    assertThat(stream.droppedPoints()).isEqualTo(4);
    assertThat(stream.failure()).isPresent();
    assertThatThrownBy(stream::close).isInstanceOf(TrackingException.class);
    stream.close();
  }

  @Test
  void serverAway_logNeverThrowsAndCloseTellsInTime() {
    server.server().close();
    MetricStream stream =
        client.metricStream(runId, options().withCloseTimeout(Duration.ofMillis(200)));
    stream.log("loss", 1, 1);

    assertThatThrownBy(stream::close)
        .isInstanceOfSatisfying(
            TrackingException.class, e -> assertThat(e.code()).isEqualTo(Code.DEADLINE_EXCEEDED));
  }
}
