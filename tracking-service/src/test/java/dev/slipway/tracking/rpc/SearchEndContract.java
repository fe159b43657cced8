package dev.slipway.tracking.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.GrpcServerExtension;
import dev.slipway.tracking.TrackingConfig;
import dev.slipway.tracking.TrackingModule;
import dev.slipway.tracking.v1.CreateLoggedModelRequest;
import dev.slipway.tracking.v1.CreateRunRequest;
import dev.slipway.tracking.v1.Dataset;
import dev.slipway.tracking.v1.DatasetInput;
import dev.slipway.tracking.v1.GetMetricHistoryRequest;
import dev.slipway.tracking.v1.LogBatchRequest;
import dev.slipway.tracking.v1.LogInputsRequest;
import dev.slipway.tracking.v1.Metric;
import dev.slipway.tracking.v1.QueryMetricsRequest;
import dev.slipway.tracking.v1.SearchDatasetsRequest;
import dev.slipway.tracking.v1.SearchExperimentsRequest;
import dev.slipway.tracking.v1.SearchLoggedModelsRequest;
import dev.slipway.tracking.v1.SearchRunsRequest;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import dev.slipway.tracking.v1.TrackingServiceGrpc.TrackingServiceBlockingStub;
import io.grpc.Status;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Holds that searches which would not end in any time do end with their callers, and that the
 * server is as before.
 */
abstract class SearchEndContract {
  private DatabaseConfig config;
  private MetricRegistry metrics;

  @RegisterExtension
  private final GrpcServerExtension server =
      GrpcServerExtension.netty(16 * 1024 * 1024, () -> List.of(module()));

  private TrackingModule module() {
    config = newDatabase();
    metrics = new MetricRegistry();
    return TrackingModule.open(
        new TrackingConfig(config, TrackingConfig.DEFAULT_ARTIFACT_ROOT),
        metrics,
        Clock.systemUTC());
  }

  abstract DatabaseConfig newDatabase();

  /** Makes queries of a table endless until what is returned is closed. */
  abstract AutoCloseable stall(DatabaseConfig database, String table) throws Exception;

  /** Returns the tables that can be stalled while the server's threads go on. */
  abstract List<String> tables();

  private TrackingServiceBlockingStub stub() {
    return TrackingServiceGrpc.newBlockingStub(server.channel());
  }

  /** Returns a new run; there is one of everything that is searched then. */
  private String newRun() {
    String run = stub().createRun(CreateRunRequest.getDefaultInstance()).getInfo().getRunId();
    var model =
        stub()
            .createLoggedModel(CreateLoggedModelRequest.newBuilder().setExperimentId("0").build());
    assertThat(model.getInfo().getExperimentId()).isEqualTo("0");
    Dataset dataset =
        Dataset.newBuilder()
            .setName("d")
            .setDigest("1")
            .setSourceType("http")
            .setSource("s")
            .build();
    var unused =
        stub()
            .logInputs(
                LogInputsRequest.newBuilder()
                    .setRunId(run)
                    .addDatasets(DatasetInput.newBuilder().setDataset(dataset))
                    .build());
    return run;
  }

  private void logPoint(String run) {
    Metric point = Metric.newBuilder().setKey("m").setValue(1).build();
    var unused =
        stub().logBatch(LogBatchRequest.newBuilder().setRunId(run).addMetrics(point).build());
  }

  /** Returns the searches that read a table. */
  private List<Consumer<TrackingServiceBlockingStub>> searches(String table, String run) {
    List<Consumer<TrackingServiceBlockingStub>> searches = new ArrayList<>();
    switch (table) {
      case "run" -> searches.add(this::searchRuns);
      case "experiment" ->
          searches.add(
              stub -> {
                var unused = stub.searchExperiments(SearchExperimentsRequest.getDefaultInstance());
              });
      case "logged_model" ->
          searches.add(
              stub -> {
                var unused =
                    stub.searchLoggedModels(
                        SearchLoggedModelsRequest.newBuilder().addExperimentIds("0").build());
              });
      case "dataset_context" ->
          searches.add(
              stub -> {
                var unused =
                    stub.searchDatasets(
                        SearchDatasetsRequest.newBuilder().addExperimentIds("0").build());
              });
      case "metric_chunk" -> {
        searches.add(
            stub -> {
              var unused =
                  stub.getMetricHistory(
                      GetMetricHistoryRequest.newBuilder().setRunId(run).setMetricKey("m").build());
            });
        searches.add(
            stub -> {
              Iterator<?> series =
                  stub.queryMetrics(
                      QueryMetricsRequest.newBuilder().addRunIds(run).addMetricKeys("m").build());
              series.forEachRemaining(one -> {});
            });
      }
      default -> throw new IllegalArgumentException(table);
    }
    return searches;
  }

  private void searchRuns(TrackingServiceBlockingStub stub) {
    assertThat(stub.searchRuns(searchRuns()).getRunsCount()).isEqualTo(1);
  }

  private static SearchRunsRequest searchRuns() {
    // In an order for which H2 is not told which index to take, since a view has none.
    return SearchRunsRequest.newBuilder().addExperimentIds("0").addOrderBy("end_time").build();
  }

  private int connectionsAtWork() {
    return (int)
        ((Gauge<?>) metrics.getMetrics().get("tracking.pool.ActiveConnections")).getValue();
  }

  private void awaitConnections(boolean atWork) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (connectionsAtWork() > 0 != atWork) {
      assertThat(System.nanoTime()).as("connections come to work or rest").isLessThan(deadline);
      Thread.onSpinWait();
    }
  }

  @Test
  void deadlinePasses_searchesEndAndFreeTheirConnections() throws Exception {
    String run = newRun();
    for (String table : tables()) {
      if (table.startsWith("metric_")) {
        // Not before, since whoever folds points looks at runs.
        logPoint(run);
      }
      for (Consumer<TrackingServiceBlockingStub> search : searches(table, run)) {
        try (AutoCloseable stalled = stall(config, table)) {
          assertThat(stalled).isNotNull();
          Throwable failure =
              catchThrowable(
                  () -> search.accept(stub().withDeadlineAfter(300, TimeUnit.MILLISECONDS)));
          assertThat(failure).as(table).isNotNull();
          assertThat(Status.fromThrowable(failure).getCode())
              .as(table)
              .isEqualTo(Status.Code.DEADLINE_EXCEEDED);
          awaitConnections(false);
        }
        search.accept(stub());
      }
    }
  }

  @Test
  void callerCancels_searchEndsAndFreesItsConnection() throws Exception {
    newRun();
    try (AutoCloseable stalled = stall(config, "run")) {
      assertThat(stalled).isNotNull();
      List<Future<?>> calls = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        calls.add(TrackingServiceGrpc.newFutureStub(server.channel()).searchRuns(searchRuns()));
      }
      awaitConnections(true);
      calls.forEach(call -> call.cancel(true));
      awaitConnections(false);
    }
    searchRuns(stub());
  }
}
