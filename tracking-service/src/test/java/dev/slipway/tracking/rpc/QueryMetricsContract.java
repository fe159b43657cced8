package dev.slipway.tracking.rpc;

import static dev.slipway.tracking.rpc.Errors.assertFails;
import static dev.slipway.tracking.rpc.Errors.assertInvalid;
import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.GrpcServerExtension;
import dev.slipway.tracking.v1.CreateRunRequest;
import dev.slipway.tracking.v1.LogBatchRequest;
import dev.slipway.tracking.v1.Metric;
import dev.slipway.tracking.v1.MetricAxis;
import dev.slipway.tracking.v1.MetricBuckets;
import dev.slipway.tracking.v1.MetricSeries;
import dev.slipway.tracking.v1.QueryMetricsRequest;
import dev.slipway.tracking.v1.QueryMetricsResponse;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import dev.slipway.tracking.v1.TrackingServiceGrpc.TrackingServiceBlockingStub;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Holds what charts show, on every database. */
abstract class QueryMetricsContract {
  private static final String ABSENT_RUN = "0".repeat(32);

  @RegisterExtension
  private final GrpcServerExtension server =
      TrackingServers.inProcess(this::newDatabase, Clock.systemUTC());

  abstract DatabaseConfig newDatabase();

  private TrackingServiceBlockingStub stub() {
    return TrackingServiceGrpc.newBlockingStub(server.channel());
  }

  private String newRun() {
    return stub().createRun(CreateRunRequest.getDefaultInstance()).getInfo().getRunId();
  }

  private void log(String run, String key, long step, long time, double value) {
    stub()
        .logBatch(
            LogBatchRequest.newBuilder()
                .setRunId(run)
                .addMetrics(
                    Metric.newBuilder()
                        .setKey(key)
                        .setStep(step)
                        .setTimestampMs(time)
                        .setValue(value))
                .build());
  }

  private static QueryMetricsRequest.Builder query(String run, String... keys) {
    return QueryMetricsRequest.newBuilder().addRunIds(run).addAllMetricKeys(List.of(keys));
  }

  private List<MetricSeries> charts(QueryMetricsRequest request) {
    List<MetricSeries> charts = new ArrayList<>();
    stub().queryMetrics(request).forEachRemaining(message -> charts.add(message.getSeries()));
    return charts;
  }

  @Test
  void series_comeInTheOrderOfTheRequestWithoutEmptyOnes() {
    String first = newRun();
    String second = newRun();
    log(first, "a", 1, 10, 1);
    log(first, "b", 1, 10, 2);
    log(second, "b", 1, 10, 3);
    List<MetricSeries> charts = charts(query(second, "b", "none", "a").addRunIds(first).build());
    assertThat(charts.stream().map(chart -> chart.getRunId() + chart.getMetricKey()))
        .containsExactly(second + "b", first + "b", first + "a");
  }

  @Test
  void bucketsShowRangeLastAndCount_withoutNaN() {
    String run = newRun();
    double[] values = {5, Double.NaN, 1, 7, Double.NaN, Double.NaN};
    for (int i = 0; i < values.length; i++) {
      log(run, "m", 10 + i, 1_000 + 100L * i, values[i]);
    }
    MetricSeries chart = charts(query(run, "m").setBuckets(2).build()).get(0);
    assertThat(chart.getPointCount()).isEqualTo(6);
    assertThat(chart.getMinX()).isEqualTo(10);
    assertThat(chart.getMaxX()).isEqualTo(15);
    assertThat(chart.getExact()).isFalse();
    assertThat(chart.getBuckets())
        .isEqualTo(
            MetricBuckets.newBuilder()
                .addLastStep(12)
                .addLastTimestampMs(1_200)
                .addLastValue(1)
                .addMinValue(1)
                .addMaxValue(5)
                .addCount(3)
                .addLastX(12)
                .addLastStep(15)
                .addLastTimestampMs(1_500)
                .addLastValue(Double.NaN)
                .addMinValue(7)
                .addMaxValue(7)
                .addCount(3)
                .addLastX(15)
                .build());

    MetricSeries nan = charts(query(run, "m").setMinX(14).build()).get(0);
    assertThat(nan.getExact()).isTrue();
    assertThat(nan.getBuckets().getMinValueList()).containsExactly(Double.NaN, Double.NaN);
  }

  @Test
  void axes_measureStepsAndTimes() {
    String run = newRun();
    log(run, "m", 5, 1_000, 1);
    log(run, "m", 3, 4_000, 2);
    MetricSeries wall =
        charts(query(run, "m").setAxis(MetricAxis.METRIC_AXIS_WALL_TIME).build()).get(0);
    assertThat(wall.getBuckets().getLastXList()).containsExactly(1_000L, 4_000L);
    MetricSeries relative =
        charts(
                query(run, "m")
                    .setAxis(MetricAxis.METRIC_AXIS_RELATIVE_TIME)
                    .setMinX(1)
                    .setMaxX(5_000)
                    .build())
            .get(0);
    assertThat(relative.getMinX()).isEqualTo(1);
    assertThat(relative.getMaxX()).isEqualTo(5_000);
    assertThat(relative.getBuckets().getLastXList()).containsExactly(3_000L);
    assertThat(relative.getBuckets().getLastStepList()).containsExactly(3L);
  }

  @Test
  void rangeWithoutPoints_isLeftOut() {
    String run = newRun();
    log(run, "m", 5, 1_000, 1);
    assertThat(charts(query(run, "m").setMinX(6).build())).isEmpty();
    assertThat(charts(query(run, "m").setMaxX(4).build())).isEmpty();
    assertThat(charts(query(run, "m").setMinX(6).setMaxX(9).build())).isEmpty();
  }

  @Test
  void absentRun_isRefusedBeforeAnythingIsSent() {
    String run = newRun();
    log(run, "m", 1, 1, 1);
    Iterator<QueryMetricsResponse> answers =
        stub().queryMetrics(query(run, "m").addRunIds(ABSENT_RUN).build());
    assertThat(
            assertFails(answers::hasNext, Status.Code.NOT_FOUND, "RUN_NOT_FOUND")
                .getMetadataOrThrow("run_id"))
        .isEqualTo(ABSENT_RUN);
  }

  @Test
  void badRequests_areRefusedWithAllViolations() {
    assertInvalid(() -> charts(QueryMetricsRequest.getDefaultInstance()), "run_ids", "metric_keys");
    assertInvalid(
        () ->
            charts(
                query("x", "m", "m", "")
                    .addRunIds("x")
                    .setAxisValue(77)
                    .setMinX(2)
                    .setMaxX(1)
                    .setBuckets(-1)
                    .build()),
        "run_ids[0]",
        "run_ids[1]",
        "run_ids[1]",
        "metric_keys[1]",
        "metric_keys[2]",
        "axis",
        "max_x",
        "buckets");
    QueryMetricsRequest.Builder many = QueryMetricsRequest.newBuilder();
    IntStream.range(0, 101).forEach(i -> many.addRunIds("%032x".formatted(i)));
    IntStream.range(0, 100).forEach(i -> many.addMetricKeys("m" + i));
    assertInvalid(() -> charts(many.build()), "metric_keys");
    IntStream.range(100, 1_001).forEach(i -> many.addMetricKeys("m" + i));
    assertInvalid(() -> charts(many.build()), "metric_keys", "metric_keys");
  }

  /** Only what is read late can show a point that came late. */
  @Test
  void slowReader_hasItsSeriesReadAsItTakesThem() throws Exception {
    String run = newRun();
    String[] keys = IntStream.range(0, 20).mapToObj(i -> "m" + i).toArray(String[]::new);
    for (String key : keys) {
      log(run, key, 1, 1, 1);
    }
    BlockingQueue<MetricSeries> received = new LinkedBlockingQueue<>();
    BlockingQueue<String> ended = new LinkedBlockingQueue<>();
    SlowReader reader = new SlowReader(received, ended);
    TrackingServiceGrpc.newStub(server.channel()).queryMetrics(query(run, keys).build(), reader);
    assertThat(received.poll(30, TimeUnit.SECONDS).getMetricKey()).isEqualTo("m0");

    log(run, "m19", 2, 2, 2);

    for (int i = 1; i < keys.length; i++) {
      reader.call.request(1);
      MetricSeries series = received.poll(30, TimeUnit.SECONDS);
      assertThat(series.getMetricKey()).isEqualTo(keys[i]);
      assertThat(series.getPointCount()).isEqualTo(i == 19 ? 2 : 1);
    }
    reader.call.request(1);
    assertThat(ended.poll(30, TimeUnit.SECONDS)).isEqualTo("OK");
  }

  private static final class SlowReader
      implements ClientResponseObserver<QueryMetricsRequest, QueryMetricsResponse> {
    private final BlockingQueue<MetricSeries> received;
    private final BlockingQueue<String> ended;
    private ClientCallStreamObserver<QueryMetricsRequest> call;

    SlowReader(BlockingQueue<MetricSeries> received, BlockingQueue<String> ended) {
      this.received = received;
      this.ended = ended;
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<QueryMetricsRequest> stream) {
      call = stream;
      stream.disableAutoRequestWithInitial(1);
    }

    @Override
    public void onNext(QueryMetricsResponse message) {
      received.add(message.getSeries());
    }

    @Override
    public void onError(Throwable failure) {
      ended.add(failure.toString());
    }

    @Override
    public void onCompleted() {
      ended.add("OK");
    }
  }
}
